//! What the browser says of details that are gone: what it checked of that, and what it was only told.

use evidence::payload::Payload;
use evidence::{ActorKind, ChangeRecord, Entry, Gone, Leaf, Outcome, RecordedBy, RecorderKind, entry};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::log::{Log, seal, time};
use crate::verifier::{Given, browser, first_wrong};

fn id(index: u64) -> Uuid {
    Uuid::from_u128(0x0197_0000_0000_7000_8000_0000_0000_0000 + u128::from(index))
}

/// An entry that writes an erasure of this entry, if any; its own payload is there, or gone.
fn written(index: u64, erases: Option<u64>, gone: bool) -> Entry {
    let leaf = Leaf {
        id: id(index),
        at: time(i64::try_from(index).unwrap()),
        recorded_by: RecordedBy {
            kind: RecorderKind::Operator,
            id: None,
        },
        actor_kind: ActorKind::User,
        actor_id: None,
        action: if erases.is_some() {
            "entry.erase"
        } else {
            "order.ship"
        }
        .into(),
        target_kind: None,
        target_id: None,
        outcome: Outcome::Success,
        authority: "operator".into(),
        payload: [0; 32],
        changes: None,
    };
    let record = erases.map(|erased| ChangeRecord {
        digest: Some("5a".repeat(32)),
        id: id(erased),
        table: "erasures".to_owned(),
        version: 1,
    });
    let records: Vec<_> = record.into_iter().collect();
    seal(index, leaf, &Payload::default(), &records, gone)
}

/// What the browser says of the first entry, which is said to be erased by the entry of this index.
fn said(log: &Log, by: Option<u64>, eraser: Option<u64>) -> Value {
    let first = log.entry(0).clone().gone(Gone::Erased(by));
    let given = Given {
        entry: entry::to_line(&first).unwrap(),
        ..Given::of(log, 0)
    };
    let mut case = given.case();
    if let Some(eraser) = eraser {
        let of = Given::of(log, eraser);
        case["eraser"] = json!({"entry": of.entry, "receipt": of.receipt});
    }
    browser(&[case]).remove(0)
}

#[test]
fn an_erasure_is_checked_where_its_entry_is_there() {
    let log = Log::of(vec![
        written(0, None, true),
        written(1, Some(0), false),
        written(2, Some(1), false),
        written(3, None, false),
    ]);
    for (by, eraser, words) in [
        (
            Some(1),
            Some(1),
            "erased by entry 1, which was checked too and says so",
        ),
        (Some(1), None, "erased by entry 1, says whoever gave this one"),
        (None, None, "were erased, says whoever gave this one"),
    ] {
        let said = said(&log, by, eraser);
        assert_eq!(
            (&said["holds"], &said["steps"][1]["state"]),
            (&json!(true), &json!("gone"))
        );
        let says = said["steps"][1]["says"].as_str().unwrap();
        assert!(says.contains(words), "{says}");
    }
    // It erased another one, or nothing; or it is another entry than the one that is named.
    for (by, eraser) in [(2, 2), (3, 3), (3, 1)] {
        let said = said(&log, Some(by), Some(eraser));
        assert_eq!(
            (&said["holds"], first_wrong(&said)),
            (&json!(false), Some(2)),
            "{by}: {said:#}"
        );
    }
}
