//! `governance` from the command line to the report, against a stand-in for `probity`.

mod common;

use common::{bench, json, rows};
use serde_json::Value;

#[test]
fn executions_on_both_engines() {
    let report = json("governance --connections 3,5 --batch-connections 2 --batch 10");
    let loads = rows(&report, "loads");
    let shape = |load: &&Value| {
        assert_eq!(load["failures"], 0, "{load}");
        assert!(load["requests"].as_u64().unwrap() > 10, "{load}");
        let text = |name: &str| load[name].as_str().unwrap().to_owned();
        format!("{} on {}, {}", text("items"), text("engine"), load["connections"])
    };
    let of = |engine| {
        [
            "starts and ends on {}, 3",
            "starts and ends on {}, 5",
            "steps on {}, 2",
        ]
        .map(|shape| shape.replace("{}", engine))
    };
    let shapes: Vec<_> = loads.iter().map(shape).collect();
    assert_eq!(shapes, [of("sqlite"), of("postgres")].concat());
    let whats: Vec<_> = rows(&report, "ratios")
        .into_iter()
        .map(|ratio| &ratio["what"])
        .collect();
    assert_eq!(whats.len(), 6);
    assert_eq!(
        whats[4],
        "governance on postgres, 5 connections / 10,000 a second"
    );
    assert_eq!(
        whats[5],
        "steps on postgres, 2 connections, 10 a request / 30,000 a second"
    );
}

#[test]
fn beside_many_executions() {
    let report = json(
        "governance --large 200 --steps 3 --metrics 1500 --connections 3 --batch-connections 2 --batch 10",
    );
    let loads = rows(&report, "loads");
    let name = |load: &&Value| {
        assert_eq!(load["failures"], 0, "{load}");
        assert!(load["requests"].as_u64().unwrap() > 0, "{load}");
        load["scenario"].as_str().unwrap().to_owned()
    };
    let names: Vec<_> = loads.iter().map(name).collect();
    let expected = [
        "200: recent",
        "200: workflows",
        "200: DRAG modes",
        "200: users",
        "200: newest of a workflow",
        "200: metrics by hour",
        "200: tree",
        "empty: governance",
        "empty: steps",
        "200: governance",
        "200: steps",
    ];
    assert_eq!(names, [expected, expected].concat());
    // What is asked has a time, what is written a rate to keep.
    assert_eq!(rows(&report, "ratios").len(), 2 * (7 + 2));
}

#[test]
fn what_is_lost_or_tampered_is_found_out() {
    let arguments = "governance --engine sqlite --connections 2 --parts executions --output json";
    let large = "governance --engine sqlite --connections 2 --large 200 --output json";
    for (arguments, fault, said) in [
        (arguments, "STUB_LOSES", "executions were acknowledged, "),
        (arguments, "STUB_TAMPERED", "entry 7 was changed"),
        (large, "STUB_MISCOUNTS", "executions were started, "),
        (large, "STUB_TAMPERED", "entry 7 was changed"),
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
