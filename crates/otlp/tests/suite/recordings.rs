//! What instrumentation libraries sent, recorded once: `fixtures/instrumentation`. The conformance suite sends it too.

use std::collections::BTreeMap;
use std::fs;

use otlp::Signal;
use serde_json::Value;

/// Where the recordings are.
const FOLDER: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../otlp/tests/fixtures/instrumentation"
);

/// The bodies of each recording, by its name: traces, and behind them log records.
pub fn recordings() -> BTreeMap<String, Vec<(Signal, Value)>> {
    let mut all = BTreeMap::<_, Vec<_>>::new();
    for signal in [Signal::Traces, Signal::Logs] {
        let end = if signal == Signal::Traces {
            ".traces.json"
        } else {
            ".logs.json"
        };
        for item in fs::read_dir(FOLDER).unwrap() {
            let item = item.unwrap();
            let name = item.file_name().into_string().unwrap();
            if let Some(name) = name.strip_suffix(end) {
                let body = serde_json::from_str(&fs::read_to_string(item.path()).unwrap()).unwrap();
                all.entry(name.to_owned()).or_default().push((signal, body));
            }
        }
    }
    all
}

/// Compares with what is expected, a file beside the recordings; with `PROBITY_WRITE_EXPECTED=1` it may be written.
pub fn assert_expected(file: &str, found: &str, may_write: bool) {
    let path = format!("{FOLDER}/{file}");
    if may_write && std::env::var_os("PROBITY_WRITE_EXPECTED").is_some() {
        fs::write(&path, found).unwrap();
    }
    let expected = fs::read_to_string(&path).unwrap_or_default();
    let mut lines = found.lines().zip(expected.lines());
    let differing = lines.find(|(found, expected)| found != expected);
    assert!(
        found == expected,
        "{file}: {differing:?}; to write it anew: PROBITY_WRITE_EXPECTED=1"
    );
}
