//! Entries: what is put together passes its check, what is changed does not.

use evidence::entry::{self, EntryError};
use evidence::{Entry, Leaf};
use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::{Value, json};

use crate::log::{LOG, sample};
use crate::random;

/// JSON pointers (RFC 6901) to every value inside `value`.
fn pointers(value: &Value, at: &str, out: &mut Vec<String>) {
    let mut inside = |key: &str, inner: &Value| {
        let pointer = format!("{at}/{}", key.replace('~', "~0").replace('/', "~1"));
        pointers(inner, &pointer, out);
        out.push(pointer);
    };
    match value {
        Value::Object(members) => members.iter().for_each(|(key, inner)| inside(key, inner)),
        Value::Array(items) => items
            .iter()
            .enumerate()
            .for_each(|(i, inner)| inside(&i.to_string(), inner)),
        _ => {}
    }
}

/// Changes the value at `pointer` to another one of the same kind.
fn change(value: &mut Value, pointer: &str) {
    let target = value.pointer_mut(pointer).unwrap();
    match target {
        Value::Null => *target = json!(false),
        Value::Bool(flag) => *flag = !*flag,
        Value::Number(number) => *target = json!(u8::from(number.as_f64() == Some(0.0))),
        Value::String(text) => text.push('x'),
        Value::Array(items) => items.push(items.first().cloned().unwrap_or(json!(1))),
        Value::Object(members) => {
            members.insert("surprise!".to_owned(), json!(1));
        }
    }
}

/// Removes the value at `pointer` from what holds it.
fn remove(value: &mut Value, pointer: &str) {
    let (parent, key) = pointer.rsplit_once('/').unwrap();
    match value.pointer_mut(parent).unwrap() {
        Value::Object(members) => {
            members
                .remove(&key.replace("~1", "/").replace("~0", "~"))
                .unwrap();
        }
        Value::Array(items) => {
            items.remove(key.parse().unwrap());
        }
        _ => unreachable!(),
    }
}

/// The error of parsing or checking; `None` where the tampered entry passes.
fn refusal(tampered: &str) -> Option<String> {
    match entry::parse(tampered) {
        Err(error) => Some(error.to_string()),
        Ok(entry) => entry.check().err().map(|error| error.to_string()),
    }
}

proptest! {
    #[test]
    fn assembled_entries_check_before_and_after_json(original in random::entry()) {
        prop_assert_eq!(original.check(), Ok(()));
        let line = entry::to_line(&original).unwrap();
        prop_assert!(!line.contains('\n'));
        let read = entry::parse(&line).unwrap();
        prop_assert_eq!(read.check(), Ok(()));
        prop_assert_eq!(read, original);
    }

    #[test]
    fn what_is_shown_of_stored_parts_is_the_entry(original in random::entry()) {
        let recorded = original.recorded().unwrap();
        let changes = (!original.changes.is_empty()).then(|| {
            let record = |change: &entry::Change| evidence::ChangeRecord {
                digest: change.digest.clone(),
                id: change.id,
                table: change.table.clone(),
                version: change.version,
            };
            let records: Vec<_> = original.changes.iter().map(record).collect();
            evidence::commitment::changes_text(&records)
        });
        let parts = evidence::shown::Parts {
            index: original.index,
            leaf: &original.evidence.leaf,
            payload: recorded.payload.as_deref(),
            salt: original.evidence.salt.as_deref().and_then(evidence::Salt::from_hex),
            changes: changes.as_deref(),
            gone: if original.pruned {
                evidence::Gone::Pruned
            } else {
                evidence::Gone::Erased(original.erased_by)
            },
        };
        prop_assert_eq!(serde_json::to_string(&parts).unwrap(), entry::to_line(&original).unwrap());
    }

    #[test]
    fn any_member_changed_or_removed_is_noticed(original in random::entry(), at in any::<Index>(), take in any::<bool>()) {
        let mut value = serde_json::to_value(&original).unwrap();
        let mut all = Vec::new();
        pointers(&value, "", &mut all);
        let pointer = at.get(&all).clone();
        if take {
            remove(&mut value, &pointer);
        } else {
            change(&mut value, &pointer);
        }
        let tampered = value.to_string();
        // The index is not in the leaf: the receipt binds it.
        if pointer == "/index" && !take {
            prop_assert_ne!(entry::parse(&tampered).unwrap().index, original.index);
        } else {
            prop_assert!(refusal(&tampered).is_some(), "{} passes: {}", pointer, tampered);
        }
    }

    #[test]
    fn any_byte_changed_is_noticed_or_means_the_same(original in random::entry(), at in any::<Index>(), byte in any::<u8>()) {
        let mut bytes = entry::to_line(&original).unwrap().into_bytes();
        let at = at.index(bytes.len());
        bytes[at] = byte;
        if let Ok(read) = serde_json::from_slice::<Entry>(&bytes) {
            // An erased entry's leaf is all there is of it; that it is the one in the log, the receipt says.
            let receipt_tells = read.index != original.index
                || (original.erased && read.evidence.leaf != original.evidence.leaf);
            prop_assert!(receipt_tells || read == original || read.check().is_err());
        }
    }
}

#[test]
fn every_member_of_the_sample_entries_is_bound() {
    for index in [0, 1, 2, 9] {
        let original = serde_json::to_value(sample(index)).unwrap();
        let mut all = Vec::new();
        pointers(&original, "", &mut all);
        assert!(all.len() > 12, "{all:?}");
        for pointer in all.iter().filter(|pointer| *pointer != "/index") {
            let mut changed = original.clone();
            change(&mut changed, pointer);
            assert!(
                refusal(&changed.to_string()).is_some(),
                "{pointer} of entry {index}"
            );
            let mut removed = original.clone();
            remove(&mut removed, pointer);
            assert!(
                refusal(&removed.to_string()).is_some(),
                "{pointer} removed from entry {index}"
            );
        }
    }
}

#[test]
fn errors_name_what_differs() {
    let tampered = |change: &dyn Fn(&mut Entry)| {
        let mut entry = sample(0);
        change(&mut entry);
        entry.check().unwrap_err()
    };
    assert_eq!(tampered(&|e| e.action.push('x')), EntryError::Differs("action"));
    assert_eq!(tampered(&|e| e.actor.id = None), EntryError::Differs("actor.id"));
    assert_eq!(tampered(&|e| e.target = None), EntryError::Differs("target.kind"));
    assert_eq!(tampered(&|e| e.actor.name = None), EntryError::Payload);
    assert_eq!(tampered(&|e| e.evidence.salt = None), EntryError::Payload);
    assert_eq!(tampered(&|e| e.erased = true), EntryError::Payload);
    assert_eq!(tampered(&|e| e.pruned = true), EntryError::Payload);
    let both = tampered(&|e| (e.erased, e.pruned) = (true, true));
    assert_eq!(both, EntryError::Differs("pruned"));
    assert_eq!(tampered(&|e| e.changes[0].version += 1), EntryError::Changes);
    assert_eq!(tampered(&|e| e.changes[0].after = None), EntryError::Payload);
    assert!(matches!(
        tampered(&|e| e.evidence.salt = Some("AB".repeat(16))),
        EntryError::Part { part: "salt", .. }
    ));
    assert!(matches!(
        tampered(&|e| e.evidence.leaf.push(' ')),
        EntryError::Leaf(_)
    ));
}

#[test]
fn an_erased_entry_shows_nothing_of_its_payload() {
    let erased = &LOG.entries[9];
    assert!(erased.erased && erased.check().is_ok());
    assert_eq!(
        (&erased.actor.id, &erased.actor.name, &erased.details),
        (&None, &None, &None)
    );
    assert_eq!(erased.changes.len(), 1, "what was changed stays known");
    assert_eq!(
        (&erased.changes[0].before, &erased.changes[0].after),
        (&None, &None)
    );
    let mut invented = erased.clone();
    invented.changes[0].after = Some(crate::log::object(json!({"state": "paid"})));
    assert_eq!(invented.check(), Err(EntryError::Payload));
    let pruned = erased.clone().gone(evidence::Gone::Pruned);
    assert!(pruned.pruned && !pruned.erased && pruned.is_gone());
    assert_eq!(pruned.check(), Ok(()));
    assert!(
        !sample(0).gone(evidence::Gone::Pruned).is_gone(),
        "one that has its payload is not"
    );
}

#[test]
fn one_entry_has_one_text() {
    let line = entry::to_line(&sample(1)).unwrap();
    for (from, to, reason) in [
        (r#""after":{"#, r#""after":{"state":"new","#, "given twice"),
        (r#""details":{"#, r#""details":{"n":7,"#, "given twice"),
        // It reads as 1, so that the digest alone would not tell.
        (
            r#""details":{"#,
            r#""details":{"m":1.00000000000000000001,"#,
            "not exact",
        ),
        (
            r#""after":{"#,
            r#""after":{"m":1.00000000000000000001,"#,
            "not exact",
        ),
        (
            r#""kind":"api_key""#,
            r#""kind":"api_key","name":"Eve""#,
            "unknown field",
        ),
        (
            r#"23456Z","recorded_by"#,
            r#"234569Z","recorded_by"#,
            "not an RFC 3339",
        ),
        (r#"{"id""#, r#"{"surprise":1,"id""#, "unknown field"),
        (
            r#"{"id":"0197"#,
            r#"{"id":"urn:uuid:0197"#,
            "lower case with hyphens",
        ),
    ] {
        assert!(line.contains(from), "{from} in {line}");
        let error = entry::parse(&line.replacen(from, to, 1)).unwrap_err().to_string();
        assert!(error.contains(reason), "{to}: {error}");
    }
}

#[test]
fn entries_whose_rows_have_no_images_check() {
    let mut leaf_of = Leaf::parse(&LOG.entries[1].evidence.leaf).unwrap();
    leaf_of.actor_id = None;
    let record = evidence::ChangeRecord {
        digest: None,
        id: leaf_of.id,
        table: "t".into(),
        version: 2,
    };
    let entry = crate::log::seal(
        1,
        leaf_of,
        &evidence::Payload::default(),
        &[record.clone(), record],
        false,
    );
    assert_eq!(entry.changes.len(), 2);
    assert_eq!(entry.check(), Ok(()));
}
