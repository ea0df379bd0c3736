//! `mcp` from the command line to the report, against a stand-in for `probity`.

mod common;

use common::{json, rows};

#[test]
fn calls_of_tools_beside_requests_of_the_api() {
    // On both engines with all others (`scenarios.rs`).
    let report = json("mcp --engine sqlite --connections 3 --duration 0.1 --warmup 0.02");
    let loads = rows(&report, "loads");
    let names: Vec<_> = loads
        .iter()
        .map(|load| load["scenario"].as_str().unwrap())
        .collect();
    let expected = [
        "whoami",
        "whoami, MCP",
        "one step",
        "one step, MCP",
        "propose and use",
        "propose and use, MCP",
    ];
    assert_eq!(names, expected);
    for load in loads {
        assert_eq!(load["failures"], 0, "{load}");
        assert!(load["requests"].as_u64().unwrap() > 10, "{load}");
    }
    let ratios = rows(&report, "ratios");
    assert_eq!(ratios.len(), 3);
    assert_eq!(
        ratios[2]["what"],
        "propose and use on sqlite, 3 connections: by MCP / by the API"
    );
    assert!(ratios.iter().all(|ratio| ratio["value"].as_f64().unwrap() > 0.0));
}
