//! `governance` from the command line to the report, against a stand-in for `probity`.

mod common;

use common::{bench, json, rows};

#[test]
fn executions_on_both_engines() {
    let report = json("governance --connections 3,5");
    let loads = rows(&report, "loads");
    let shapes: Vec<_> = loads
        .iter()
        .map(|load| {
            let text = |name: &str| load[name].as_str().unwrap();
            assert_eq!(
                (load["failures"].as_u64(), text("items")),
                (Some(0), "starts and ends")
            );
            assert!(load["requests"].as_u64().unwrap() > 10, "{load}");
            (
                text("scenario"),
                text("engine"),
                load["connections"].as_u64().unwrap(),
            )
        })
        .collect();
    let of = |engine| [3, 5].map(|connections| ("governance", engine, connections));
    assert_eq!(shapes, [of("sqlite"), of("postgres")].concat());
    let whats: Vec<_> = rows(&report, "ratios")
        .into_iter()
        .map(|ratio| &ratio["what"])
        .collect();
    assert_eq!(whats.len(), 4);
    assert_eq!(
        whats[3],
        "governance on postgres, 5 connections / 10,000 a second"
    );
}

#[test]
fn what_is_lost_or_tampered_is_found_out() {
    let arguments = "governance --engine sqlite --connections 2 --output json";
    for (fault, said) in [
        ("STUB_LOSES", "executions were completed, "),
        ("STUB_TAMPERED", "entry 7 was changed"),
    ] {
        let output = bench(arguments, &[(fault, "1")]);
        let errors = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{fault}: {errors}");
        assert!(errors.contains(said), "{fault}: {errors}");
    }
    let output = bench(arguments, &[("STUB_FAIL_EVERY", "50")]);
    let text = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "{text}");
}
