//! `docs/coverage.md` has every requirement once, and every test that it or `docs/limits.md` names exists.

use std::collections::BTreeMap;

use crate::tests::{fault, named};
use crate::tree::file;

/// How many requirements each part has.
const PARTS: [(char, usize); 4] = [('A', 14), ('B', 9), ('C', 6), ('D', 17)];
/// The behaviours of C4, one by one.
const BEHAVIOURS: usize = 13;

/// A row: what it is about, and its other cells.
struct Row<'a> {
    id: &'a str,
    state: &'a str,
    missing: &'a str,
    tests: &'a str,
}

fn cells(line: &str) -> Option<Vec<&str>> {
    let inner = line.trim().strip_prefix('|')?.strip_suffix('|')?;
    Some(inner.split('|').map(str::trim).collect())
}

fn is_id(text: &str) -> bool {
    let (letter, number) = text.split_at(text.len().min(1));
    PARTS.iter().any(|(part, _)| letter.starts_with(*part))
        && !number.is_empty()
        && number.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
}

/// Rows about requirements: id, what is asked for, what does it, state, what is missing, tests.
fn rows(text: &str) -> Result<Vec<Row<'_>>, String> {
    let about = text.lines().filter_map(cells).filter(|cells| is_id(cells[0]));
    about
        .map(|cells| match cells[..] {
            [id, asked, _, state, missing, tests] if !asked.is_empty() => Ok(Row {
                id,
                state,
                missing,
                tests,
            }),
            _ => Err(format!("{}: a row has six cells", cells[0])),
        })
        .collect()
}

fn expected_ids() -> Vec<String> {
    let mut ids: Vec<String> = PARTS
        .iter()
        .flat_map(|(part, count)| (1..=*count).map(move |number| format!("{part}{number}")))
        .collect();
    ids.extend((1..=BEHAVIOURS).map(|number| format!("C4.{number}")));
    ids
}

/// What is wrong with a row itself.
fn wrong(row: &Row<'_>) -> Option<String> {
    let says_missing = !matches!(row.missing, "" | "–");
    let names_tests = !named(row.tests).is_empty();
    let id = row.id;
    match row.state {
        "done" if says_missing => Some(format!("{id} is done, and yet something is missing")),
        "in part" | "open" if !says_missing => Some(format!("{id} does not say what is missing")),
        "done" | "in part" if !names_tests => Some(format!("{id} names no test")),
        "open" if names_tests => Some(format!("{id} is open, and yet names a test")),
        "done" | "in part" | "open" => None,
        other => Some(format!("{id} has the state {other:?}")),
    }
}

#[test]
fn every_requirement_is_there_once() {
    let rows = rows(file("docs/coverage.md")).unwrap_or_else(|error| panic!("{error}"));
    let mut ids: Vec<&str> = rows.iter().map(|row| row.id).collect();
    let mut expected = expected_ids();
    ids.sort_unstable();
    expected.sort_unstable();
    assert_eq!(ids, expected);
}

#[test]
fn every_row_says_what_holds_and_what_does_not() {
    let rows = rows(file("docs/coverage.md")).unwrap_or_else(|error| panic!("{error}"));
    let wrong: Vec<String> = rows.iter().filter_map(wrong).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_count_at_the_top_is_right() {
    let text = file("docs/coverage.md");
    let rows = rows(text).unwrap_or_else(|error| panic!("{error}"));
    let mut counts = BTreeMap::new();
    for row in rows.iter().filter(|row| !row.id.contains('.')) {
        *counts.entry(row.state).or_insert(0) += 1;
    }
    let count = |state| counts.get(state).copied().unwrap_or(0);
    let sentence = format!(
        "{} are done, {} in part, {} open",
        count("done"),
        count("in part"),
        count("open")
    );
    assert!(text.contains(&sentence), "it must say: {sentence}");
}

#[test]
fn every_named_test_exists() {
    let mut faults = Vec::new();
    for path in ["docs/coverage.md", "docs/limits.md", "docs/security.md"] {
        let tests = named(file(path));
        assert!(tests.len() > 20, "{path} names {} tests", tests.len());
        faults.extend(
            tests
                .into_iter()
                .filter_map(fault)
                .map(|fault| format!("{path}: {fault}")),
        );
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn what_a_row_must_not_say_is_seen() {
    let text = "| id | asked | by | state | missing | tests |\n|---|---|---|---|---|---|\n| A1 | x | y | done | – | `a::b::c` |\n\
                | A2 | x | y | done | z | `a::b::c` |\n| A3 | x | y | done | – | |\n| A4 | x | y | in part | – | `a::b::c` |\n\
                | A5 | x | – | open | all | `a::b::c` |\n| A6 | x | – | perhaps | all | |\n| A7 | x | – | open | all | – |";
    let found: Vec<bool> = rows(text)
        .unwrap()
        .iter()
        .map(|row| wrong(row).is_some())
        .collect();
    assert_eq!(found, [false, true, true, true, true, true, false]);
    assert!(rows("| B1 | x | done |").is_err());
    assert!(rows("| Because | x |\n| C | y |").unwrap().is_empty());
}
