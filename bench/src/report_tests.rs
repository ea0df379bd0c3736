//! What people see: nothing wider than 100 columns, and nothing that went wrong left out.

use super::*;

fn report() -> Report {
    let load = Load {
        scenario: "large-log 5,000,000: append".into(),
        engine: "postgres".into(),
        connections: 256,
        rate_due: None,
        items: "entries".into(),
        items_per_request: 100,
        seconds: 10.0,
        requests: 10_000,
        items_per_second: 100_000.4,
        runs: vec![90_000.0, 100_000.4, 120_000.0],
        latency: Percentiles {
            p50_us: 1_234,
            p90_us: 12_345,
            p99_us: 123_456,
            p999_us: 1_234_567,
            max_us: 12_345_678,
        },
        statuses: BTreeMap::from([(201, 10_000), (503, 7)]),
        failures: 7,
        first_failure: Some("status 503: busy".into()),
        unsent: 3,
        cpu: Cpu {
            server: (5.0, 1.0),
            postgres: (2.0, 2.0),
            generator: (0.05, 0.5),
        },
        beside_another: false,
        memory_idle_kib: 20_480,
        memory_peak_kib: 2_048_000,
    };
    let copy = Copied {
        format: "binary".into(),
        transaction_rows: 500,
        rows: 200_000,
        seconds: 2.0,
        rows_per_second: 100_000.0,
        runs: vec![100_000.0],
    };
    let machine = Machine {
        cpu: "A processor with a rather long name v3 @ 2.90GHz".into(),
        cores: 2,
        memory_mib: 24_000,
        kernel: "6.18.44".into(),
        fsync_us: 812,
        postgres: "PostgreSQL 15.9".into(),
        commit: String::new(),
    };
    let verification = Verification {
        command: "audit verify".to_owned(),
        engine: "sqlite".into(),
        entries: 1_000_000,
        seconds: 10.0,
        entries_per_second: 100_000.0,
        memory_peak_kib: 51_200,
        cpu_seconds: 9.5,
    };
    let ratio = Ratio {
        what: "a / b".into(),
        value: 0.987,
        wanted: None,
    };
    Report {
        machine,
        loads: vec![load],
        verifications: vec![verification],
        copies: vec![copy],
        hashing: Vec::new(),
        logins: Vec::new(),
        timings: Vec::new(),
        ratios: vec![ratio],
    }
}

#[test]
fn text_is_narrow_aligned_and_complete() {
    let text = report().text();
    for line in text
        .lines()
        .filter(|line| !line.contains("FAILED") && !line.contains("first:"))
    {
        assert!(
            line.chars().count() <= 100,
            "{} columns: {line}",
            line.chars().count()
        );
    }
    let speed: Vec<&str> = text
        .lines()
        .skip_while(|line| !line.starts_with("Speed"))
        .skip(1)
        .take(2)
        .collect();
    assert_eq!(speed[0].chars().count(), speed[1].chars().count(), "{speed:#?}");
    let words = |line: &str| {
        line.split_whitespace()
            .skip(3)
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    let expected = "postgres 256 x 100 100,000 30% 1.23 12.3 123 1235 12346 7";
    assert_eq!(words(speed[1]), words(&format!("a b c {expected}")));
    let cost = text
        .lines()
        .skip_while(|line| !line.starts_with("Cost"))
        .nth(3)
        .unwrap();
    assert_eq!(
        words(cost),
        words("a b c postgres 256 x 100 20 2000 6.00 4.00 0.55 5.00 1.06")
    );
    for part in [
        "FAILED",
        "201: 10000, 503: 7",
        "first: status 503: busy",
        "LATE",
        "812 µs",
        "0.99",
    ] {
        assert!(text.contains(part), "{part} in {text}");
    }
}

#[test]
fn failures_are_told_to_the_caller() {
    let mut report = report();
    assert!(report.has_failures());
    report.loads[0].failures = 0;
    assert!(!report.has_failures());
    assert!(!report.text().contains("FAILED"));
}

/// Of rounding nothing is met: 0.796 is shown as 0.80 and still below it.
#[test]
fn what_was_wanted_is_judged() {
    let mut report = report();
    assert!(!report.text().contains("wanted"));
    for (what, value) in [("c / d", 0.8), ("e / f", 0.796)] {
        report.ratios.push(Ratio {
            what: what.into(),
            value,
            wanted: Some(0.8),
        });
    }
    let text = report.text();
    let lines: Vec<_> = text
        .lines()
        .skip_while(|line| *line != "Ratios")
        .skip(1)
        .collect();
    let words = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
    assert_eq!(
        lines[..4].iter().map(|line| words(line)).collect::<Vec<_>>(),
        [
            "what ratio wanted",
            "a / b 0.99",
            "c / d 0.80 0.80: met",
            "e / f 0.80 0.80: not met"
        ]
    );
}

#[test]
fn json_has_every_number() {
    let json = serde_json::to_value(report()).unwrap();
    assert_eq!(json["loads"][0]["latency"]["p999_us"], 1_234_567);
    assert_eq!(json["loads"][0]["statuses"]["503"], 7);
    assert_eq!(json["copies"][0]["transaction_rows"], 500);
    assert_eq!(json["machine"]["cores"], 2);
}

#[test]
fn the_median_run() {
    let median = |runs: &[f64]| median_by(runs.to_vec(), |rate| *rate);
    assert_eq!(median(&[3.0, 1.0, 2.0]), Some(2.0));
    assert_eq!(median(&[3.0, 1.0, 2.0, 9.0]), Some(2.0));
    assert_eq!(median(&[]), None);
}

#[test]
fn numbers_for_people() {
    for (number, text) in [(0, "0"), (999, "999"), (1_000, "1,000"), (1_234_567, "1,234,567")] {
        assert_eq!(thousands(number), text);
    }
    assert_eq!(
        [decimals(0.123), decimals(12.34), decimals(1234.5)],
        ["0.12", "12.3", "1234"]
    );
}

/// What `identity` shows fits a terminal of 80 columns.
#[test]
fn identity_is_shown_in_80_columns() {
    let logins = Logins {
        engine: "postgres".into(),
        logins_per_second: 1_234.5,
        logins_per_second_and_core: 617.25,
        server_cpu_seconds_each: 0.0325,
        postgres_cpu_seconds_each: 0.0009,
        of_hashes: 0.876,
    };
    let timing = |distance| Timing {
        engine: "postgres".into(),
        kind: "bcrypt 12, wrong".into(),
        attempts: 10_000,
        p5_us: 500_123.4,
        p50_us: 501_000.0,
        p95_us: 1_234_567.0,
        distance,
        distance_critical: distance.map(|_| 0.1358),
    };
    let row = |scenario: &str, server| Load {
        scenario: scenario.into(),
        items_per_request: 1,
        beside_another: true,
        failures: 0,
        unsent: 0,
        cpu: Cpu {
            server,
            ..Cpu::default()
        },
        ..report().loads[0].clone()
    };
    let report = Report {
        loads: vec![
            row("append (flood)", (9.0, 1.0)),
            row("login (append)", (0.0, 0.0)),
        ],
        verifications: Vec::new(),
        copies: Vec::new(),
        hashing: vec![Hashing {
            threads: 64,
            hashes: 123_456,
            hashes_per_second: 4_321.0,
            cpu_seconds_each: 0.016,
        }],
        logins: vec![logins],
        timings: vec![timing(None), timing(Some(0.05))],
        ratios: Vec::new(),
        ..report()
    };
    let text = report.text();
    for line in text.lines().filter(|line| !line.starts_with("LATE")).skip(1) {
        assert!(
            line.chars().count() <= 80,
            "{} columns: {line}",
            line.chars().count()
        );
    }
    let has = |words: &str| {
        text.lines()
            .any(|line| line.split_whitespace().eq(words.split(' ')))
    };
    for expected in [
        "64 123456 4321 16.0",
        "postgres 1234 617 32.5 0.90 0.88",
        "postgres bcrypt 12, wrong 10000 500.12 501.00 1234.57 - -",
        "postgres bcrypt 12, wrong 10000 500.12 501.00 1234.57 0.050 0.136",
        // The server worked for both loads: nothing of it is for one entry or one login.
        "append (flood) postgres 256 20 2000 - - 0.00 0.00 1.00",
        "login (append) postgres 256 20 2000 - - 0.00 0.00 -",
    ] {
        assert!(has(expected), "{expected} in {text}");
    }
}
