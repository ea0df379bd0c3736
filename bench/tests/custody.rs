//! `custody` from the command line to the report, against a stand-in for `probity`.

mod common;

use common::{bench, json, rows};

#[test]
fn transfers_of_every_kind_on_both_engines() {
    let report = json("custody --connections 3,5 --batch 10 --batch-connections 2 --balances 1200");
    let loads = rows(&report, "loads");
    let shapes: Vec<_> = loads
        .iter()
        .map(|load| {
            let number = |name: &str| load[name].as_u64().unwrap();
            (
                load["scenario"].as_str().unwrap(),
                number("connections"),
                number("items_per_request"),
            )
        })
        .collect();
    let of_engine = [
        ("custody", 3, 1),
        ("custody (hot)", 3, 1),
        ("custody (own ids)", 3, 1),
        ("custody", 5, 1),
        ("custody (hot)", 5, 1),
        ("custody", 2, 10),
        ("custody (hot)", 2, 10),
    ];
    assert_eq!(shapes, [of_engine, of_engine].concat());
    for (number, load) in loads.iter().enumerate() {
        assert_eq!(
            load["engine"],
            if number < 7 { "sqlite" } else { "postgres" },
            "{load}"
        );
        assert_eq!(
            (&load["items"], &load["failures"]),
            (&"transfers".into(), &0.into()),
            "{load}"
        );
        assert!(load["requests"].as_u64().unwrap() > 10, "{load}");
        assert!(
            load["latency"]["p99_us"].as_u64() >= load["latency"]["p50_us"].as_u64(),
            "{load}"
        );
    }
    let ratios = rows(&report, "ratios");
    assert_eq!(
        ratios.len(),
        2 * 4,
        "three of hot / uniform and one of own ids an engine"
    );
    let rate = |number: usize| loads[number]["items_per_second"].as_f64().unwrap();
    for (number, (dividend, divisor, wanted)) in [
        (1, 0, Some(0.8)),
        (2, 0, None),
        (4, 3, Some(0.8)),
        (6, 5, Some(0.8)),
    ]
    .into_iter()
    .enumerate()
    {
        let found = ratios[number]["value"].as_f64().unwrap();
        assert!(
            (found - rate(dividend) / rate(divisor)).abs() < 1e-6,
            "{}",
            ratios[number]
        );
        assert_eq!(ratios[number]["wanted"].as_f64(), wanted, "{}", ratios[number]);
    }
}

/// The targets are of these shapes: 64 and 256 connections, and 8 with arrays of 100.
#[test]
fn the_targets_are_in_the_ratios() {
    let report = json("custody --balances 100 --parts single,arrays");
    let found: Vec<_> = rows(&report, "ratios")
        .into_iter()
        .filter(|ratio| ratio["what"].as_str().unwrap().ends_with("a second"))
        .map(|ratio| {
            assert_eq!(ratio["wanted"], 1.0);
            ratio["what"].as_str().unwrap()
        })
        .collect();
    let of = |engine: &str, by_100: &str| {
        [
            format!("custody on {engine}, 64 connections, 1 a request / 11,000 a second"),
            format!("custody on {engine}, 256 connections, 1 a request / 15,000 a second"),
            format!("custody on {engine}, 8 connections, 100 a request / {by_100} a second"),
        ]
    };
    assert_eq!(found, [of("sqlite", "16,000"), of("postgres", "22,000")].concat());
}

#[test]
fn what_was_met_is_shown() {
    let output = bench(
        "custody --engine sqlite --connections 2 --balances 30 --parts single",
        &[],
    );
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{text}");
    let hot = text.lines().find(|line| line.contains("hot / uniform")).unwrap();
    assert!(
        hot.ends_with("0.80: met") || hot.ends_with("0.80: not met"),
        "{hot}"
    );
}

#[test]
fn a_server_that_is_not_to_be_trusted_is_found_out() {
    let arguments =
        "custody --engine sqlite --connections 2 --balances 2 --hot 2 --parts single --output json";
    for (fault, said) in [
        ("STUB_LOSES", "transfers were acknowledged, "),
        ("STUB_COINS", r#""sum":"0.01""#),
        ("STUB_TAMPERED", "entry 7 was changed"),
    ] {
        let output = bench(arguments, &[(fault, "1")]);
        let errors = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{fault}: {errors}");
        assert!(errors.contains(said), "{fault}: {errors}");
    }
}

#[test]
fn refusals_are_failures_and_a_wrong_set_up_is_said() {
    let arguments = "custody --engine sqlite --connections 2 --balances 20 --parts single";
    let output = bench(arguments, &[("STUB_FAIL_EVERY", "50")]);
    let text = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(
        text.contains("FAILED: custody on sqlite, 2: ") && text.contains("503: "),
        "{text}"
    );
    let output = bench(arguments, &[("STUB_FAIL_EVERY", "2")]);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(
        errors.contains("before or after the transfers: status 503"),
        "{errors}"
    );
    let output = bench("custody --balances 5", &[]);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(errors.contains("more hot balances than there are"), "{errors}");
}
