//! What the browser's verifier says (`verifier/verify.js`, run by node), against the crate and `probity-verify`.

use std::io::Write;
use std::process::{Command, Stdio};

use evidence::bundle::BundleChecker;
use evidence::{Entry, entry, receipt};
use proptest::prelude::*;
use proptest::sample::Index;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};
use tlog::VerifierKey;

use crate::cli::{Folder, vkey};
use crate::log::{LOG, Log};
use crate::random;

/// What the verifier says of each case.
pub fn browser(cases: &[Value]) -> Vec<Value> {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/verifier.mjs");
    let node = Command::new("node")
        .arg(script)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn();
    let how = "./test installs node, or apt-get install nodejs (20 and later)";
    assert!(node.is_ok(), "{how}: {node:?}");
    let mut node = node.unwrap();
    let lines = cases
        .iter()
        .fold(String::new(), |lines, case| lines + &case.to_string() + "\n");
    let mut stdin = node.stdin.take().unwrap();
    let writing = std::thread::spawn(move || stdin.write_all(lines.as_bytes()));
    let output = node.wait_with_output().unwrap();
    writing.join().unwrap().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    let said: Vec<Value> = said
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(said.len(), cases.len());
    said
}

/// An entry with its receipt and the log's key, as texts.
#[derive(Clone)]
pub struct Given {
    pub entry: String,
    pub receipt: String,
    pub key: String,
}

impl Given {
    pub fn of(log: &Log, index: u64) -> Given {
        Given {
            entry: entry::to_line(log.entry(index)).unwrap(),
            receipt: log.receipt(index, log.size()),
            key: vkey(),
        }
    }

    pub fn case(&self) -> Value {
        json!({"kind": "entry", "entry": self.entry, "receipt": self.receipt, "key": self.key})
    }

    /// What the crate says, as `probity-verify` does by its exit code: it holds, or not, or it could not be checked.
    fn verdict(&self) -> Option<bool> {
        let key = VerifierKey::parse(self.key.trim()).ok()?;
        let entry = entry::parse(&self.entry).ok();
        Some(entry.is_some_and(|entry| receipt::check(&self.receipt, &entry, &key).is_ok()))
    }
}

/// The first step that does not hold.
pub fn first_wrong(said: &Value) -> Option<usize> {
    let steps = said["steps"].as_array().unwrap();
    let wrong = steps.iter().position(|step| step["state"] == "wrong");
    wrong.map(|position| position + 1)
}

/// So many values of a strategy, always the same.
fn some<T: std::fmt::Debug>(strategy: impl Strategy<Value = T>, count: usize) -> Vec<T> {
    let mut runner = TestRunner::deterministic();
    let values = std::iter::from_fn(|| Some(strategy.new_tree(&mut runner).unwrap().current()));
    values.take(count).collect()
}

#[test]
fn a_key_that_is_none_checks_nothing() {
    let good = Given::of(&LOG, 5);
    let damaged = vkey().replacen("+7", "+8", 1);
    for key in ["", "nonsense", &damaged, &vkey()[..60]] {
        let given = Given {
            key: key.to_owned(),
            ..good.clone()
        };
        let said = &browser(&[given.case()])[0];
        assert_eq!(given.verdict(), None, "{key}");
        assert_eq!(
            (&said["holds"], &said["steps"][5]["state"]),
            (&Value::Null, &json!("open"))
        );
    }
}

#[test]
fn every_entry_of_the_log_holds() {
    let pruned = |index| {
        let entry = LOG.entry(index).clone().gone(evidence::Gone::Pruned);
        Given {
            entry: entry::to_line(&entry).unwrap(),
            ..Given::of(&LOG, index)
        }
    };
    let all: Vec<_> = (0..300)
        .map(|index| Given::of(&LOG, index))
        .chain([pruned(9), pruned(19)])
        .collect();
    let said = browser(&all.iter().map(Given::case).collect::<Vec<_>>());
    for (given, said) in all.iter().zip(said) {
        assert_eq!(given.verdict(), Some(true), "{}", given.entry);
        assert_eq!(said["holds"], true, "{}: {said:#}", given.entry);
        let gone = ["erased", "pruned"]
            .into_iter()
            .find(|gone| given.entry.contains(&format!("\"{gone}\":true")));
        assert_eq!(said["steps"][1]["gone"].as_str(), gone);
        // What was not compared is not said to hold.
        let state = if gone.is_some() { "gone" } else { "ok" };
        assert_eq!(said["steps"][1]["state"], state);
    }
}

/// Ten thousand random entries, some of them erased, and some of these pruned.
fn random_log() -> Log {
    let place = |(index, entry): (usize, Entry)| Entry {
        index: index as u64,
        ..if index.is_multiple_of(3) {
            entry.gone(evidence::Gone::Pruned)
        } else {
            entry
        }
    };
    Log::of(
        some(random::entry(), 10_000)
            .into_iter()
            .enumerate()
            .map(place)
            .collect(),
    )
}

#[test]
fn ten_thousand_random_entries_hold_and_changed_ones_are_judged_as_by_the_crate() {
    let folder = Folder::new("verifier-random");
    let log = random_log();
    let gone = log.entries.iter().filter(|entry| entry.is_gone()).count();
    assert!((1_000..9_000).contains(&gone), "{gone}");
    let file = folder.file("all.jsonl", log.bundle(0..log.size()).concat());
    let said = &browser(&[json!({"kind": "bundle", "file": file, "key": vkey()})])[0];
    assert_eq!(
        (&said["holds"], &said["seen"]),
        (&json!(true), &json!(10_000)),
        "{said:#}"
    );

    // One character of entry, receipt or key is changed, goes, or comes.
    let change = (any::<Index>(), 0..10_000_u64, 0..8_u8, 0..3_u8, 0x20_u8..0x7f);
    let changed = some(change, 4_000)
        .into_iter()
        .filter_map(|(at, index, part, how, byte)| {
            let mut given = if index % 4 == 0 {
                Given::of(&LOG, index % 300)
            } else {
                Given::of(&log, index)
            };
            let text = match part {
                0 => &mut given.key,
                1 | 2 => &mut given.receipt,
                _ => &mut given.entry,
            };
            let mut bytes = text.clone().into_bytes();
            let at = at.index(bytes.len());
            match how {
                0 => bytes[at] = byte,
                1 => drop(bytes.remove(at)),
                _ => bytes.insert(at, byte),
            }
            *text = String::from_utf8(bytes).ok()?;
            Some(given)
        });
    let changed: Vec<_> = changed.collect();
    let said = browser(&changed.iter().map(Given::case).collect::<Vec<_>>());
    let mut counts = [0; 3];
    for (given, said) in changed.iter().zip(said) {
        let verdict = given.verdict();
        assert_eq!(
            said["holds"].as_bool(),
            verdict,
            "{}\n{}\n{}\n{said:#}",
            given.entry,
            given.receipt,
            given.key
        );
        counts[verdict.map_or(2, usize::from)] += 1;
    }
    assert!(counts.iter().all(|count| *count > 10), "{counts:?}");
}

#[test]
fn bundles_are_judged_as_by_the_crate() {
    let folder = Folder::new("verifier-bundles");
    let lines = LOG.bundle([3, 4, 9]);
    let whole = lines.concat();
    let mut files: Vec<String> = vec![
        whole.clone(),
        whole.trim_end().to_owned(),
        LOG.bundle(0..300).concat(),
        LOG.bundle([9, 4, 3]).concat(),
        LOG.bundle([]).concat(),
        String::new(),
        format!("{whole}\n"),
        format!("{whole}{}", lines[4]),
        [&lines[0][..], &lines[2], &lines[1], &lines[3], &lines[4]].concat(),
        [&lines[0][..], &lines[1], &lines[1], &lines[3], &lines[4]].concat(),
        whole.replace("probity/bundle@v1", "probity/bundle@v2"),
        whole.replacen("\"created_at\":\"2026", "\"created_at\":\"20266", 1),
        whole.replacen('{', "\u{feff}{", 1),
    ];
    files.extend((0..lines.len()).map(|cut| lines[..cut].concat()));
    files.extend((0..lines.len()).map(|skip| [&lines[..skip], &lines[skip + 1..]].concat().concat()));
    files.extend(crate::steps::bundles());
    for (at, byte) in some((any::<Index>(), 0x20_u8..0x7f), 200) {
        let mut bytes = whole.clone().into_bytes();
        let at = at.index(bytes.len());
        bytes[at] = byte;
        files.extend(String::from_utf8(bytes));
    }
    let cases: Vec<_> = files
        .iter()
        .enumerate()
        .map(|(number, text)| {
            let file = folder.file(&format!("{number}.jsonl"), text);
            json!({"kind": "bundle", "file": file, "key": vkey()})
        })
        .collect();
    for (text, said) in files.iter().zip(browser(&cases)) {
        let mut checker = BundleChecker::new(LOG.verifier());
        let lines = text.strip_suffix('\n').unwrap_or(text).split('\n');
        let lines = lines.filter(|_| !text.is_empty());
        let read = lines
            .map(|line| checker.line(line))
            .collect::<Result<Vec<_>, _>>();
        let fault = read.err().or_else(|| checker.finish().err());
        assert_eq!(said["holds"], fault.is_none(), "{text}\n{said:#}\n{fault:?}");
        let first = said["faults"].as_array().unwrap().first();
        let line = first.map(|first| first["line"].as_u64().unwrap());
        assert_eq!(line, fault.map(|fault| fault.line), "{text}\n{said:#}");
    }
}
