//! `identity` from the command line to the report, against a stand-in for `probity`.
#![expect(clippy::unwrap_used, reason = "test helpers")]

mod common;

use common::{bench, json, rows};
use serde_json::Value;

/// Time after which the stand-in refuses a login.
fn refused_after_us() -> f64 {
    bench::stub::REFUSED_AFTER.as_secs_f64() * 1e6
}

fn texts<'a>(rows: &[&'a Value], field: &str) -> Vec<&'a str> {
    rows.iter().map(|row| row[field].as_str().unwrap()).collect()
}

#[test]
fn me_and_logins_on_both_engines() {
    let report = json("identity --parts me,login --connections 4 --users 3 --login-connections 2");
    let loads = rows(&report, "loads");
    let names: Vec<_> = texts(&loads, "scenario")
        .into_iter()
        .zip(texts(&loads, "engine"))
        .collect();
    let expected = ["sqlite", "postgres"].map(|engine| [("me", engine), ("login", engine)]);
    assert_eq!(names, expected.concat());
    assert_eq!(texts(&loads[..2], "items"), ["requests", "logins"]);
    for load in &loads {
        assert_eq!(load["failures"], 0, "{load}");
        assert_eq!(load["beside_another"], false, "{load}");
        assert!(load["items_per_second"].as_f64().unwrap() > 10.0, "{load}");
    }
    let hashing = rows(&report, "hashing");
    assert_eq!(hashing[0]["threads"], 1);
    assert_eq!(
        hashing.last().unwrap()["threads"],
        report["machine"]["cores"],
        "one a core"
    );
    let hashes = hashing.last().unwrap()["hashes_per_second"].as_f64().unwrap();
    for (logins, load) in rows(&report, "logins").iter().zip([loads[1], loads[3]]) {
        let rate = logins["logins_per_second"].as_f64().unwrap();
        assert_eq!(load["items_per_second"], rate, "{logins}");
        let of_hashes = logins["of_hashes"].as_f64().unwrap();
        assert!((of_hashes - rate / hashes).abs() < 1e-6, "{logins}");
    }
}

#[test]
fn a_flood_of_logins_runs_beside_other_work() {
    let report =
        json("identity --parts flood --engine sqlite --connections 4 --flood-connections 3 --users 5");
    let loads = rows(&report, "loads");
    let expected = [
        "me (alone)",
        "me (flood)",
        "login (me)",
        "append (alone)",
        "append (flood)",
        "login (append)",
    ];
    assert_eq!(texts(&loads, "scenario"), expected);
    for (number, load) in loads.iter().enumerate() {
        assert_eq!(load["failures"], 0, "{load}");
        assert!(load["requests"].as_u64().unwrap() > 0, "{load}");
        assert_eq!(load["beside_another"], number % 3 > 0, "{load}");
        assert_eq!(load["connections"], if number % 3 == 2 { 3 } else { 4 }, "{load}");
    }
    let ratios = rows(&report, "ratios");
    assert_eq!(ratios.len(), 2);
    for (ratio, loads) in ratios.iter().zip([&loads[..2], &loads[3..5]]) {
        let rate = |number: usize| loads[number]["items_per_second"].as_f64().unwrap();
        let found = ratio["value"].as_f64().unwrap();
        assert!((found - rate(1) / rate(0)).abs() < 1e-6, "{ratio}");
    }
}

#[test]
fn refused_logins_are_timed_by_kind() {
    let report = json("identity --parts enumeration --engine sqlite --attempts 25");
    let timings = rows(&report, "timings");
    let expected = [
        "wrong password",
        "unknown user",
        "disabled, wrong",
        "disabled, right",
        "bcrypt 10, wrong",
        "bcrypt 12, wrong",
    ];
    assert_eq!(texts(&timings, "kind"), expected);
    for (number, timing) in timings.iter().enumerate() {
        assert_eq!(timing["attempts"], 25, "{timing}");
        assert!(
            timing["p5_us"].as_f64().unwrap() >= refused_after_us(),
            "{timing}"
        );
        assert_eq!(timing["distance"].is_null(), number == 0, "{timing}");
    }
    let load = &report["loads"][0];
    assert_eq!(load["statuses"].to_string(), r#"{"401":150}"#);
    assert_eq!(load["failures"], 0);
    let report = json("identity --parts enumeration --engine sqlite --attempts 5 --no-import");
    assert_eq!(rows(&report, "timings").len(), 4);
}

#[test]
fn a_server_that_tells_who_exists_is_found_out() {
    let arguments = "identity --parts enumeration --engine sqlite --attempts 40 --no-import --output json";
    let output = bench(arguments, &[("STUB_TELLS", "1")]);
    assert!(output.status.success());
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let unknown = &report["timings"][1];
    let (distance, critical) = (
        unknown["distance"].as_f64().unwrap(),
        unknown["distance_critical"].as_f64().unwrap(),
    );
    assert!(distance > 0.8 && distance > 2.0 * critical, "{unknown}");
    assert!(
        unknown["p50_us"].as_f64().unwrap() < refused_after_us(),
        "{unknown}"
    );
}

#[test]
fn users_that_cannot_be_made_are_said() {
    let output = bench(
        "identity --parts login --engine sqlite",
        &[("STUB_FAIL_EVERY", "4")],
    );
    assert_eq!(output.status.code(), Some(1));
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(errors.contains("preparing users failed: status 503"), "{errors}");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(
        text.contains("Argon2id by itself"),
        "what was found is shown: {text}"
    );
}
