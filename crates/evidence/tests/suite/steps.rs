//! Bundles of executions: whether all steps are there.

use evidence::bundle::BundleFault;
use evidence::json::StrictObject;
use evidence::payload::{Payload, RowImages};
use evidence::{ActorKind, ChangeRecord, Entry, Leaf, Outcome, RecordedBy, RecorderKind};
use serde_json::json;
use uuid::Uuid;

use crate::bundle::check;
use crate::log::{Log, object, seal, time};

const EXECUTION: Uuid = Uuid::from_u128(0xe0);
const OTHER: Uuid = Uuid::from_u128(0xe1);

/// An entry about an execution that makes so many steps, and whose details say something.
fn about(index: u64, execution: Uuid, action: &'static str, made: u64, details: serde_json::Value) -> Entry {
    recorded(index, execution, action, made, (details, false))
}

/// The same, whose payload may be erased since.
fn recorded(
    index: u64,
    execution: Uuid,
    action: &'static str,
    made: u64,
    (details, erased): (serde_json::Value, bool),
) -> Entry {
    let leaf = Leaf {
        id: Uuid::from_u128(0x0197_0000_0000_7000_8000_0000_0000_0000 + u128::from(index)),
        at: time(i64::try_from(index).unwrap()),
        recorded_by: RecordedBy {
            kind: RecorderKind::ApiKey,
            id: Some(Uuid::from_u128(5)),
        },
        actor_kind: ActorKind::User,
        actor_id: Some(Uuid::from_u128(6)),
        action: action.into(),
        target_kind: Some("execution".into()),
        target_id: Some(execution),
        outcome: Outcome::Success,
        authority: "role:user workflows:own".into(),
        payload: [0; 32],
        changes: None,
    };
    let record = |number: u64| ChangeRecord {
        digest: Some("5a".repeat(32)),
        id: Uuid::from_u128(u128::from(index * 100 + number)),
        table: if number == 0 {
            "executions"
        } else {
            "execution_steps"
        }
        .to_owned(),
        version: 1,
    };
    let records: Vec<_> = (0..=made).map(record).collect();
    let payload = Payload {
        changes: vec![RowImages::default(); records.len()],
        details: Some(StrictObject(object(details))),
        ..Payload::default()
    };
    seal(index, leaf, &payload, &records, erased)
}

fn log() -> Log {
    let none = || json!({});
    Log::of(vec![
        about(0, EXECUTION, "execution.start", 0, none()),
        about(1, EXECUTION, "execution.record", 2, json!({"steps": 2})),
        about(2, OTHER, "execution.record", 1, json!({"steps": 1})),
        about(3, EXECUTION, "execution.record", 1, json!({"steps": 1})),
        about(4, EXECUTION, "execution.complete", 0, json!({"steps": 3})),
        about(5, OTHER, "execution.fail", 0, json!({"steps": 1})),
    ])
}

fn checked(indexes: &[u64]) -> Result<evidence::bundle::BundleSummary, BundleFault> {
    asked(json!({"target": EXECUTION, "target_kind": "execution"}), indexes)
}

fn asked(filter: serde_json::Value, indexes: &[u64]) -> Result<evidence::bundle::BundleSummary, BundleFault> {
    let lines = log().bundle_for(filter, indexes.iter().copied());
    check(&lines).map_err(|error| error.fault)
}

/// Whoever asked for the entries since Monday gets no others, and nobody left them out.
#[test]
fn a_bundle_that_was_asked_for_less_holds_and_says_what_is_missing() {
    let since = json!({"target": EXECUTION, "from": "2026-11-28T21:06:28.431Z"});
    let part = asked(since, &[3, 4]).unwrap();
    let missing: Vec<_> = part
        .missing_steps
        .iter()
        .map(|one| (one.said, one.found))
        .collect();
    assert_eq!(missing, [(3, 1)]);
    assert_eq!(part.execution, Some((EXECUTION, None)));
}

#[test]
fn an_end_that_is_erased_is_told_from_one_that_is_not_there() {
    let log = Log::of(vec![
        about(0, EXECUTION, "execution.record", 2, json!({"steps": 2})),
        recorded(1, EXECUTION, "execution.complete", 0, (json!({"steps": 2}), true)),
    ]);
    for (indexes, end_erased) in [(&[0, 1][..], true), (&[0], false)] {
        let lines = log.bundle_for(json!({"target": EXECUTION}), indexes.iter().copied());
        let summary = check(&lines).unwrap();
        assert_eq!(
            (summary.execution, summary.end_gone),
            (Some((EXECUTION, None)), end_erased)
        );
    }
}

#[test]
fn a_bundle_of_an_execution_has_all_its_steps_or_does_not_hold() {
    for indexes in [&[0, 1, 3, 4][..], &[4, 3, 1, 0], &[1, 3, 4]] {
        let summary = checked(indexes).unwrap();
        assert_eq!(summary.execution, Some((EXECUTION, Some(3))), "{indexes:?}");
        assert_eq!(summary.missing_steps, []);
    }
    for (indexes, found) in [(&[0, 1, 4][..], 2), (&[4, 3], 1), (&[0, 4], 0), (&[4], 0)] {
        match checked(indexes) {
            Err(BundleFault::Steps(missing)) => {
                assert_eq!(
                    (missing.execution, missing.said, missing.found),
                    (EXECUTION, 3, found)
                );
            }
            other => panic!("{indexes:?}: {other:?}"),
        }
    }
    // Without its end nobody can say.
    assert_eq!(checked(&[0, 1]).unwrap().execution, Some((EXECUTION, None)));
}

#[test]
fn what_is_missing_of_several_is_told() {
    let whole = checked(&[0, 1, 2, 3, 4, 5]).unwrap();
    assert_eq!((whole.missing_steps.len(), whole.execution), (0, None));
    let part = checked(&[2, 3, 4, 5]).unwrap();
    let missing: Vec<_> = part
        .missing_steps
        .iter()
        .map(|one| (one.execution, one.said, one.found))
        .collect();
    assert_eq!(missing, [(EXECUTION, 3, 1)]);
}

/// A trace whose root did not come in time; steps followed.
fn trace() -> Log {
    Log::of(vec![
        about(0, EXECUTION, "execution.observe", 2, json!({})),
        about(1, EXECUTION, "execution.expire", 0, json!({"steps": 2})),
        about(2, EXECUTION, "execution.observe", 1, json!({"steps": 3})),
    ])
}

#[test]
fn of_a_trace_what_follows_the_end_says_how_many_there_are() {
    for (indexes, count) in [
        (&[0, 1, 2][..], Some(3)),
        (&[2, 1, 0], Some(3)),
        (&[0, 2], Some(3)),
        (&[0, 1], Some(2)),
        (&[0], None),
    ] {
        let about = json!({"target": EXECUTION, "target_kind": "execution"});
        let lines = trace().bundle_for(about, indexes.iter().copied());
        let summary = check(&lines).unwrap();
        assert_eq!(summary.execution, Some((EXECUTION, count)), "{indexes:?}");
        assert_eq!(summary.missing_steps, []);
    }
    for indexes in [&[1, 2][..], &[2], &[2, 1]] {
        let about = json!({"target": EXECUTION, "target_kind": "execution"});
        let lines = trace().bundle_for(about, indexes.iter().copied());
        let fault = check(&lines).map_err(|error| error.fault).unwrap_err();
        assert!(
            matches!(&fault, BundleFault::Steps(missing) if (missing.said, missing.found) == (3, 1)),
            "{fault:?}"
        );
    }
}

/// Bundles about executions, whole and with entries left out.
pub fn bundles() -> Vec<String> {
    let about = json!({"target": EXECUTION, "target_kind": "execution"});
    let since = json!({"target": EXECUTION, "from": "2026-11-28T21:06:28.431Z"});
    let selections: [&[u64]; 9] = [
        &[0, 1, 3, 4],
        &[4, 3, 1, 0],
        &[0, 1, 4],
        &[4, 3],
        &[4],
        &[0, 1],
        &[0, 1, 2, 3, 4, 5],
        &[2, 3, 4, 5],
        &[2, 5],
    ];
    let both = selections
        .iter()
        .flat_map(|indexes| [(&about, indexes), (&since, indexes)]);
    let of_trace: [&[u64]; 5] = [&[0, 1, 2], &[2, 1, 0], &[0, 1], &[1, 2], &[2]];
    let of_trace = of_trace.iter().map(|indexes| (trace(), &about, *indexes));
    both.map(|(asked, indexes)| (log(), asked, *indexes))
        .chain(of_trace)
        .map(|(log, asked, indexes)| log.bundle_for(asked.clone(), indexes.iter().copied()).concat())
        .collect()
}
