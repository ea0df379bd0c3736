//! What people see: nothing wider than 100 columns, and nothing that went wrong left out.

use super::*;

fn report() -> Report {
    let load = Load {
        scenario: "large-log 5,000,000: append".into(),
        engine: "postgres".into(),
        connections: 256,
        rate_due: None,
        entries_per_request: 100,
        seconds: 10.0,
        requests: 10_000,
        entries_per_second: 100_000.4,
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
    };
    Report {
        machine,
        loads: vec![load],
        verifications: vec![verification],
        copies: vec![copy],
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
