//! The program as its users run it, from the command line to the exit code, against a stand-in for `probity`.

mod common;

use std::process::Command;

use common::{bench, json, rows};
use serde_json::Value;

#[test]
fn append_on_both_engines() {
    let report = json("append --connections 2,4 --batch 10");
    let shapes: Vec<_> = rows(&report, "loads")
        .iter()
        .map(|row| (&row["engine"], &row["connections"]))
        .collect();
    assert_eq!(
        format!("{shapes:?}"),
        r#"[(String("sqlite"), Number(2)), (String("sqlite"), Number(4)), (String("postgres"), Number(2)), (String("postgres"), Number(4))]"#
    );
    for row in rows(&report, "loads") {
        assert!(row["items_per_second"].as_f64().unwrap() > 10.0, "{row}");
        assert!(row["memory_peak_kib"].as_u64().unwrap() > 100, "{row}");
        assert_eq!(row["failures"], 0, "{row}");
    }
    assert!(
        report["machine"]["postgres"]
            .as_str()
            .unwrap()
            .starts_with("PostgreSQL 1")
    );
}

#[test]
fn two_programs_are_compared_in_turns() {
    let stub = env!("CARGO_BIN_EXE_stub-probity");
    let report = json(&format!(
        "append --engine sqlite --connections 2 --against {stub}"
    ));
    let names: Vec<_> = rows(&report, "loads")
        .iter()
        .map(|row| &row["scenario"])
        .collect();
    assert_eq!(names, ["append, before", "append"]);
    let ratios = rows(&report, "ratios");
    let [before, after] = [0, 1].map(|row| report["loads"][row]["items_per_second"].as_f64().unwrap());
    let names: Vec<_> = ratios.iter().map(|row| row["what"].as_str().unwrap()).collect();
    let what = "append on sqlite: 2 connections, 1 a request";
    assert_eq!(
        names,
        ["rate", "p99"].map(|name| format!("{what}: {name} / before"))
    );
    assert!((ratios[0]["value"].as_f64().unwrap() - after / before).abs() < 1e-9);
    let refused = bench(&format!("verify --engine sqlite --against {stub}"), &[]);
    assert_eq!(refused.status.code(), Some(1));
    let said = String::from_utf8_lossy(&refused.stderr);
    assert!(said.contains("`--against` goes with append, custody"), "{said}");
}

#[test]
fn tls_is_compared_with_none() {
    let report = json("tls --connections 2");
    let names: Vec<_> = rows(&report, "loads")
        .iter()
        .map(|row| row["scenario"].as_str().unwrap())
        .collect();
    let of_server = ["append", "append (TLS)"];
    assert_eq!(names[..2], of_server);
    assert_eq!(names[2..4], of_server);
    assert_eq!(names[4..], ["append (TLS to PostgreSQL)"]);
    let wanted: Vec<_> = rows(&report, "ratios")
        .iter()
        .map(|row| row["wanted"].as_f64().unwrap())
        .collect();
    assert_eq!(wanted, [0.85, 0.85, 0.9]);
}

#[test]
fn an_open_loop_from_the_command_line() {
    let report = json("append --engine sqlite --connections 4 --rate 200");
    let rate = report["loads"][0]["items_per_second"].as_f64().unwrap();
    assert!((150.0..250.0).contains(&rate), "{rate}");
}

#[test]
fn large_log_compares_with_an_empty_one() {
    let report = json("large-log --engine sqlite --entries 2500");
    let names: Vec<_> = rows(&report, "loads")
        .iter()
        .map(|row| row["scenario"].as_str().unwrap())
        .collect();
    let expected = ["append", "append", "receipts"];
    assert_eq!(names[..3], expected.map(|name| format!("empty log: {name}")));
    assert_eq!(names[3..], expected.map(|name| format!("log of 2500: {name}")));
    assert_eq!(rows(&report, "ratios").len(), 3);
}

#[test]
fn verify_measures_time_and_memory_at_two_sizes() {
    let report = json("verify --engine sqlite --entries 4000");
    let found: Vec<_> = rows(&report, "verifications")
        .iter()
        .map(|row| row["entries"].as_u64().unwrap())
        .collect();
    assert_eq!(found, [1_000, 4_000]);
    let loads = rows(&report, "loads");
    let names: Vec<_> = loads.iter().map(|row| &row["scenario"]).collect();
    assert_eq!(names, ["append alone", "append beside verifications"]);
    // Its rate, memory at two sizes, a start, what appends keep, the WAL.
    assert_eq!(rows(&report, "ratios").len(), 5);
    for row in rows(&report, "verifications") {
        assert!(row["seconds"].as_f64().unwrap() >= 0.05, "{row}");
        assert!(row["memory_peak_kib"].as_u64().unwrap() > 100, "{row}");
    }
}

#[test]
fn upkeep_seeds_and_prunes() {
    let report = json("upkeep --entries 4000");
    let commands: Vec<_> = rows(&report, "verifications")
        .iter()
        .map(|row| (row["command"].as_str().unwrap(), row["entries"].as_u64().unwrap()))
        .collect();
    let expected = [("db seed", 4_000), ("retention", 4_000)];
    assert_eq!(commands, [expected, expected].concat());
    assert_eq!(rows(&report, "loads").len(), 2);
    // Of each engine: seeding, pruning, the longest append.
    assert_eq!(rows(&report, "ratios").len(), 2 * 3);
}

#[test]
fn copy_baseline_compares_with_arrays_of_100() {
    let report = json("copy-baseline --rows 2000 --transactions 500,0");
    let found: Vec<_> = rows(&report, "copies")
        .iter()
        .map(|row| row["transaction_rows"].as_u64().unwrap())
        .collect();
    assert_eq!(found, [500, 2_000, 500, 2_000]);
    assert_eq!(rows(&report, "ratios").len(), 5);
}

#[test]
fn read_asks_at_two_sizes() {
    let report = json("read --operations 2000 --balances 20 --entries 3000 --large 4000");
    let loads = rows(&report, "loads");
    assert_eq!(loads.len(), 2 * 2 * 20);
    for load in &loads {
        assert_eq!(load["failures"], 0, "{load}");
        assert!(load["requests"].as_u64().unwrap() > 0, "{load}");
    }
    let names = |size: &str| {
        let names = loads[..40].iter().map(|load| load["scenario"].as_str().unwrap());
        let of_size = names.filter_map(|name| name.strip_prefix(size));
        of_size.map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!((names("3k: "), names("3k: ").len()), (names("4k: "), 20));
    let bundle = loads
        .iter()
        .find(|load| load["scenario"] == "3k: bundle")
        .unwrap();
    assert_eq!(
        (&bundle["items"], &bundle["items_per_request"]),
        (&"entries".into(), &2.into())
    );
    // An engine: 11 targets, and every question at both sizes.
    assert_eq!(rows(&report, "ratios").len(), 2 * (11 + 20));
}

#[test]
fn read_asks_only_what_is_wanted() {
    let report = json("read --engine sqlite --operations 0 --entries 2000 --only receipts,bundle");
    let names: Vec<_> = rows(&report, "loads")
        .into_iter()
        .map(|load| &load["scenario"])
        .collect();
    assert_eq!(names, ["2k: receipts, newest", "2k: receipts", "2k: bundle"]);
}

#[test]
fn read_asks_again_what_is_kept() {
    let folder = testkit::temp_dir("bench-keep");
    let line = format!(
        "read --engine sqlite --operations 2000 --balances 20 --entries 2000 --only statement,receipts --keep {}",
        folder.path().display()
    );
    let names = |report: &Value| {
        let names = rows(report, "loads")
            .into_iter()
            .map(|load| load["scenario"].clone());
        names.collect::<Vec<_>>()
    };
    let first = json(&line);
    assert_eq!(names(&first).len(), 3);
    let written = folder.path().join("sqlite-2000.json");
    let kept = std::fs::read_to_string(&written).unwrap();
    assert_eq!(names(&json(&line)), names(&first));
    assert_eq!(std::fs::read_to_string(&written).unwrap(), kept);
}

#[test]
fn console_asks_for_every_page() {
    let report = json("console --engine sqlite --entries 4000 --connections 2");
    let loads = rows(&report, "loads");
    // 30 lists, one balance and so on where there are such, the views, and appends alone and beside.
    assert!(loads.len() >= 30 + 3, "{}", loads.len());
    for load in &loads {
        assert_eq!(load["failures"], 0, "{load}");
    }
    let ratios = rows(&report, "ratios");
    let of = |words: &str| {
        ratios
            .iter()
            .find(|ratio| ratio["what"].as_str().unwrap().contains(words))
            .unwrap()["wanted"]
            .clone()
    };
    assert_eq!(of("requests"), 1.0);
    assert_eq!(of("beside 20 page views a second / alone"), 0.9);
}

#[test]
fn all_of_them_in_one_report() {
    // There are so many loads that a third of a second each takes minutes.
    let report = json("all --large 2000 --verify 2000 --duration 0.1 --warmup 0.02");
    // Per engine: 64 and 256 connections, arrays of 100, and three loads on each of two logs. COPY adds none. TLS: without and
    // to the server, and to PostgreSQL.
    // Identity: oneself, logins, two floods of three rows, refused logins. Custody: three shapes on many and on few
    // balances, and own ids. Governance: two, approvals: one, MCP: six. Backup and verify: alone and beside. Upkeep: one. Read: 5 questions to the books, 15 to the log.
    // Console: 30 pages, their views, and appends alone and beside them.
    assert_eq!(
        rows(&report, "loads").len(),
        2 * (2 + 1 + 6)
            + 2 * 2
            + 1
            + 2 * (1 + 1 + 6 + 1)
            + 2 * (6 + 1)
            + 2 * (2 + 1)
            + 2 * (2 + 2)
            + 2
            + 2 * 6
            + 2 * (5 + 15)
            + 2 * (30 + 1 + 2)
    );
    assert_eq!(rows(&report, "verifications").len(), 4 + 2 * 2 + 2 * 2);
    assert_eq!(rows(&report, "copies").len(), 8);
    assert_eq!(rows(&report, "timings").len(), 12);
    // COPY: 8 and the fastest; TLS: 1 an engine, and to PostgreSQL; verify: its rate, memory, a start and what is kept an engine, and the WAL; large-log: 3 an engine; identity: 2 an engine;
    // custody: a target and hot / uniform for each shape, and own ids, an engine; governance: two targets an engine, approvals: three, MCP: three; backup: two
    // targets and what is kept, an engine, and the WAL; upkeep: three an engine; read: 11; console: all pages but one, three
    // weights, views and what is kept, an engine, and the WAL.
    assert_eq!(
        rows(&report, "ratios").len(),
        9 + 3
            + (2 * 4 + 1)
            + 6
            + 4
            + 2 * (6 + 1)
            + 2 * (2 + 3 + 3)
            + (2 * 3 + 1)
            + 2 * 3
            + 2 * 11
            + (2 * (29 + 3 + 2) + 1)
    );
}

#[test]
fn what_was_measured_is_shown_even_if_a_later_scenario_fails() {
    let output = bench("append --engine sqlite --connections 2,0 --output json", &[]);
    assert_eq!(output.status.code(), Some(2), "0 connections make no sense");
    let output = bench(
        "large-log --engine sqlite --entries 2000 --output json",
        &[("STUB_FAIL_EVERY", "3")],
    );
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("filling the log failed"));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(rows(&report, "loads").len(), 3, "those of the empty log");
}

#[test]
fn calibrate_needs_no_server() {
    let output = Command::new(env!("CARGO_BIN_EXE_bench"))
        .args([
            "calibrate",
            "--duration",
            "0.3",
            "--bin",
            "/nonexistent",
            "--output",
            "json",
        ])
        .output()
        .unwrap();
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(report["loads"][0]["requests"].as_u64().unwrap() > 100, "{report}");
}

#[test]
fn failures_are_shown_and_make_the_exit_code_1() {
    let output = bench(
        "append --engine sqlite --connections 2",
        &[("STUB_FAIL_EVERY", "5")],
    );
    let text = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(text.contains("FAILED") && text.contains("503: "), "{text}");
    assert!(
        text.contains(r#"first: status 503: {"code":"overloaded"}"#),
        "{text}"
    );
}

#[test]
fn what_cannot_be_started_is_said() {
    let output = Command::new(env!("CARGO_BIN_EXE_bench"))
        .args(["append", "--engine", "sqlite", "--bin", "/nonexistent/probity"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("/nonexistent/probity"));
    let output = bench("append --batch 5000", &[]);
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn nothing_is_left_behind() {
    let folder = testkit::temp_dir("bench-left");
    let output = bench(
        "append --connections 1",
        &[("TMPDIR", folder.path().to_str().unwrap())],
    );
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let started = std::time::Instant::now();
    // PostgreSQL's folder is removed by a guard process, soon after.
    while std::fs::read_dir(folder.path()).unwrap().count() > 0 && started.elapsed().as_secs() < 10 {
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}
