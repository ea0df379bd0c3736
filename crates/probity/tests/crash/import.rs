//! `kill -9` during an import: the same import again completes it.

use std::fmt::Write as _;
use std::fs;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::harness::{Place, on_both};
use crate::ledger::whole_log;
use crate::random::Random;
use crate::server::Process;

const LINES: usize = 5_000;
const KILLS: usize = 6;
const MAP: &str =
    "actor_id = \"/who\"\naction = \"=import.line\"\ntarget_kind = \"=line\"\ntarget_id = \"/line\"\n";

#[test]
fn a_killed_import_is_completed_by_the_next() {
    on_both(|place| {
        fs::write(place.path("map.toml"), MAP).unwrap();
        let begun = Instant::now();
        let report = import(place, "undisturbed");
        assert_eq!(
            (&report["added"], &report["rejected"]),
            (&LINES.into(), &0.into()),
            "{report}"
        );
        let whole = begun.elapsed();
        let mut random = Random::new();
        let mut torn = 0;
        for number in 0..KILLS {
            let (from, to) = (part(whole, number), part(whole, number + 1));
            torn += usize::from(kill_and_import_again(
                place,
                &format!("file{number}"),
                random.between(from, to),
            ));
        }
        println!("import {whole:.0?}; {torn} of {KILLS} were killed half-way");
        every_line_is_there_once(place);
        place.run(&["audit", "verify"]).expect(0);
    });
}

fn part(whole: Duration, number: usize) -> Duration {
    whole * u32::try_from(number).unwrap() / u32::try_from(KILLS).unwrap()
}

fn words(name: &str) -> [&str; 7] {
    ["audit", "import", name, "--format", "jsonl", "--map", "map.toml"]
}

fn write(place: &Place, name: &str) {
    let mut lines = String::new();
    for line in 0..LINES {
        let text = json!({ "who": format!("user-{}", line % 97), "line": format!("{name}:{line}") });
        writeln!(lines, "{text}").unwrap();
    }
    fs::write(place.path(name), lines).unwrap();
}

fn import(place: &Place, name: &str) -> Value {
    if !place.path(name).exists() {
        write(place, name);
    }
    place.json(&words(name))
}

/// True when the killed import had recorded some lines and not all.
fn kill_and_import_again(place: &Place, name: &str, after: Duration) -> bool {
    write(place, name);
    let process = Process::start(place.command(&words(name)), place.path("import.log"));
    thread::sleep(after);
    process.kill();
    let report = import(place, name);
    let number = |key: &str| usize::try_from(report[key].as_u64().unwrap()).unwrap();
    let there = number("already_there");
    assert_eq!(
        (there + number("added"), number("rejected")),
        (LINES, 0),
        "{report}"
    );
    let again = import(place, name);
    assert_eq!(
        (&again["added"], &again["already_there"]),
        (&0.into(), &LINES.into()),
        "{again}"
    );
    (1..LINES).contains(&there)
}

fn every_line_is_there_once(place: &Place) {
    let mut found: Vec<String> = whole_log(place)
        .iter()
        .filter(|entry| entry["action"] == "import.line")
        .map(|entry| entry["target"]["id"].as_str().unwrap().to_owned())
        .collect();
    let names = (0..KILLS).map(|number| format!("file{number}"));
    let names = names.chain(["undisturbed".to_owned()]);
    let mut expected: Vec<String> = names
        .flat_map(|name| (0..LINES).map(move |line| format!("{name}:{line}")))
        .collect();
    found.sort();
    expected.sort();
    assert!(
        found == expected,
        "{} lines found, {} expected",
        found.len(),
        expected.len()
    );
}
