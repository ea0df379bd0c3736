//! The program against a stand-in for `probity`.
#![expect(clippy::unwrap_used, reason = "test helpers")]

use std::process::{Command, Output};

use serde_json::Value;

/// Runs the program with short loads, unless it is said how short.
pub fn bench(arguments: &str, environment: &[(&str, &str)]) -> Output {
    let short = if arguments.contains("--duration") {
        &[][..]
    } else {
        &["--duration", "0.3", "--warmup", "0.1"]
    };
    Command::new(env!("CARGO_BIN_EXE_bench"))
        .args(arguments.split(' '))
        .args(["--bin", env!("CARGO_BIN_EXE_stub-probity"), "--runs", "1"])
        .args(short)
        .envs(environment.iter().copied())
        .output()
        .unwrap()
}

/// Its report, where all went well.
pub fn json(arguments: &str) -> Value {
    let output = bench(&format!("{arguments} --output json"), &[]);
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    serde_json::from_slice(&output.stdout).unwrap()
}

/// The rows of a list of the report.
pub fn rows<'a>(report: &'a Value, list: &str) -> Vec<&'a Value> {
    report[list].as_array().unwrap().iter().collect()
}
