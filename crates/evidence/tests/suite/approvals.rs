//! Bundles of approvals: who asked, who voted, under which policies, used once, and what is missing.

use evidence::bundle::{ApprovalFault, BundleFault, ProvedApproval};
use evidence::commitment::commit;
use evidence::json::{self, StrictObject};
use evidence::payload::{Payload, RowImages};
use evidence::{ActorKind, ChangeRecord, Entry, Leaf, Outcome, RecordedBy, RecorderKind, Salt};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use crate::bundle::check;
use crate::log::{Log, object, seal, time};

const APPROVAL: Uuid = Uuid::from_u128(0xa0);
const VOTE: Uuid = Uuid::from_u128(0xb0);
const ARGUMENTS: &str = r#"{"amount":7}"#;

/// A row that an entry writes: its table, id, version, and what it is after it.
type Row = (&'static str, Uuid, u64, Value);

/// An entry by a credential of this kind, with rows and details.
fn entry(index: u64, action: &'static str, by: RecorderKind, rows: &[Row], details: Value) -> Entry {
    sealed(index, action, by, (rows, details), false)
}

/// The same, whose payload may be gone.
fn sealed(
    index: u64,
    action: &'static str,
    by: RecorderKind,
    (rows, details): (&[Row], Value),
    is_gone: bool,
) -> Entry {
    let leaf = Leaf {
        id: Uuid::from_u128(0x0197_0000_0000_7000_8000_0000_0000_0000 + u128::from(index)),
        at: time(i64::try_from(index).unwrap()),
        recorded_by: RecordedBy { kind: by, id: None },
        actor_kind: ActorKind::Agent,
        actor_id: Some(Uuid::from_u128(6)),
        action: action.into(),
        target_kind: Some("approval".into()),
        target_id: Some(APPROVAL),
        outcome: Outcome::Success,
        authority: "role:developer approvals:request".into(),
        payload: [0; 32],
        changes: None,
    };
    let record = |(table, id, version, _): &Row| ChangeRecord {
        digest: Some("5a".repeat(32)),
        id: *id,
        table: (*table).to_owned(),
        version: *version,
    };
    let image = |(.., after): &Row| RowImages {
        before: None,
        after: Some(object(after.clone())),
    };
    let payload = Payload {
        changes: rows.iter().map(image).collect(),
        details: details.is_object().then(|| StrictObject(object(details))),
        ..Payload::default()
    };
    let records: Vec<_> = rows.iter().map(record).collect();
    seal(index, leaf, &payload, &records, is_gone)
}

fn policies() -> Value {
    json!([{"action": "refund", "verdict": "ask"}])
}

fn requested(arguments: &str) -> Value {
    let salt = Salt([3; 16]);
    json!({
        "action": "refund", "arguments": arguments, "content_salt": salt.to_hex(),
        "digest": json::hex(&commit(&salt, ARGUMENTS.as_bytes())), "status": "pending", "quorum": 1, "verdict": "ask",
        "policy_rule": 0, "policy_digest": json::hex(&Sha256::digest(json::canonical(&policies()))),
    })
}

fn change(version: u64, after: Value) -> Row {
    ("approvals", APPROVAL, version, after)
}

/// Policies, request, vote, use and outcome.
fn entries(arguments: &str) -> Vec<Entry> {
    use RecorderKind::{ApiKey, Session, System};
    let vote = json!({"approve": true, "second_factor": true, "reason": "fine"});
    vec![
        entry(
            0,
            "privilege_permissions_changed",
            System,
            &[],
            json!({"approval.policies": policies()}),
        ),
        entry(
            1,
            "approval.request",
            ApiKey,
            &[change(1, requested(arguments))],
            Value::Null,
        ),
        entry(
            2,
            "approval.vote",
            Session,
            &[
                ("approval_votes", VOTE, 1, vote),
                change(2, json!({"status": "granted"})),
            ],
            Value::Null,
        ),
        entry(
            3,
            "approval.use",
            ApiKey,
            &[change(3, json!({"status": "used"}))],
            Value::Null,
        ),
        entry(
            4,
            "approval.outcome",
            ApiKey,
            &[change(
                4,
                json!({"outcome": "succeeded", "result": r#"{"ok":true}"#}),
            )],
            Value::Null,
        ),
    ]
}

fn proved(entries: Vec<Entry>, indexes: &[u64]) -> Result<ProvedApproval, BundleFault> {
    let lines = Log::of(entries).bundle_for(json!({"approval": APPROVAL}), indexes.iter().copied());
    let summary = check(&lines).map_err(|error| error.fault)?;
    Ok(*summary.approval.unwrap())
}

#[test]
fn a_whole_story_is_proved_in_either_order() {
    for indexes in [&[0, 1, 2, 3, 4][..], &[4, 3, 2, 1, 0]] {
        let proved = proved(entries(ARGUMENTS), indexes).unwrap();
        assert_eq!(proved.text("arguments"), Some(ARGUMENTS));
        assert_eq!(proved.request.as_ref().unwrap().index, 1);
        assert_eq!(
            (proved.votes_for(), proved.votes[0].second_factor),
            (1, Some(true))
        );
        let (status, decided) = proved.decided.as_ref().unwrap();
        assert_eq!((status.as_str(), decided.index), ("granted", 2));
        assert_eq!(proved.used.as_ref().unwrap().index, 3);
        assert_eq!(proved.reported.as_ref().unwrap().index, 4);
        assert_eq!(
            (proved.policies, proved.complete, proved.gone),
            (Some(0), true, 0)
        );
    }
}

#[test]
fn what_is_missing_shows() {
    let without_use = proved(entries(ARGUMENTS), &[1, 2, 4]).unwrap();
    assert!(!without_use.complete && without_use.used.is_none());
    assert_eq!(without_use.policies, None);
    let without_request = proved(entries(ARGUMENTS), &[2, 3]).unwrap();
    assert!(!without_request.complete && without_request.request.is_none());
    assert_eq!(without_request.text("arguments"), None);
    let until_now = proved(entries(ARGUMENTS), &[1, 2]).unwrap();
    assert!(until_now.complete, "what comes later cannot be seen");
}

#[test]
fn who_erases_is_not_who_used() {
    use RecorderKind::{ApiKey, Session};
    let mut all = entries(ARGUMENTS);
    let gone = |index, action, version| {
        sealed(
            index,
            action,
            ApiKey,
            (&[change(version, json!({}))], Value::Null),
            true,
        )
    };
    all[1] = gone(1, "approval.request", 1);
    all[3] = gone(3, "approval.use", 2);
    all[4] = gone(4, "approval.outcome", 3);
    let erased =
        json!({"action": "refund", "status": "used", "outcome": "succeeded", "quorum": 1, "verdict": "ask"});
    let row = [change(4, erased)];
    all.push(entry(5, "user.erase", Session, &row, Value::Null));
    all[2] = entry(
        2,
        "approval.vote",
        Session,
        &[("approval_votes", VOTE, 1, json!({"approve": true}))],
        Value::Null,
    );
    let proved = proved(all, &[1, 2, 3, 4, 5]).unwrap();
    assert_eq!((proved.complete, proved.gone), (true, 3));
    assert_eq!(proved.used.as_ref().map(|deed| deed.index), Some(3));
    assert_eq!(proved.reported.as_ref().map(|deed| deed.index), Some(4));
    assert_eq!(proved.text("outcome"), Some("succeeded"));
    assert_eq!((proved.text("arguments"), &proved.decided), (None, &None));
}

#[test]
fn what_a_later_version_repeats_is_no_deed() {
    let mut all = entries(ARGUMENTS);
    let row = json!({"status": "used", "outcome": "succeeded", "result": "1"});
    all[4] = entry(
        4,
        "approval.outcome",
        RecorderKind::ApiKey,
        &[change(4, row)],
        Value::Null,
    );
    let without_use = proved(all, &[0, 1, 2, 4]).unwrap();
    assert_eq!((without_use.complete, &without_use.used), (false, &None));
    assert_eq!(without_use.reported.map(|deed| deed.index), Some(4));
}

#[test]
fn an_operation_uses_its_approval_itself() {
    let mut all = entries(ARGUMENTS);
    all.truncate(3);
    let row = json!({"status": "used", "outcome": "succeeded"});
    let by = RecorderKind::Session;
    all.push(entry(3, "operation.create", by, &[change(3, row)], Value::Null));
    let proved = proved(all, &[1, 2, 3]).unwrap();
    assert_eq!(proved.used.map(|deed| deed.index), Some(3));
    assert_eq!(proved.reported.map(|deed| deed.index), Some(3));
}

#[test]
fn votes_that_decide_are_counted() {
    use RecorderKind::{ApiKey, Session};
    let vote = |approve: bool| ("approval_votes", VOTE, 1, json!({"approve": approve}));
    let asked = |more: Value| {
        let mut asked = requested(ARGUMENTS);
        asked.as_object_mut().unwrap().extend(object(more));
        asked
    };
    let has = |asked: Value, rows: &[Row], with_votes: bool| {
        let mut all = vec![entry(
            0,
            "approval.request",
            ApiKey,
            &[change(1, asked)],
            Value::Null,
        )];
        let rows: Vec<Row> = rows
            .iter()
            .filter(|row| with_votes || row.0 == "approvals")
            .cloned()
            .collect();
        if !rows.is_empty() {
            all.push(entry(1, "approval.vote", Session, &rows, Value::Null));
        }
        let indexes: Vec<u64> = (0..all.len() as u64).collect();
        proved(all, &indexes).unwrap().has_votes()
    };
    let decided = |status: &str| change(2, json!({"status": status}));
    for with_votes in [true, false] {
        let expected = Some(with_votes);
        assert_eq!(
            has(asked(json!({})), &[vote(true), decided("granted")], with_votes),
            expected
        );
        assert_eq!(
            has(asked(json!({})), &[vote(false), decided("rejected")], with_votes),
            expected
        );
        // Of two that it takes, one is here.
        let two = asked(json!({"quorum": 2}));
        assert_eq!(
            has(two, &[vote(true), decided("granted")], with_votes),
            Some(false)
        );
    }
    assert_eq!(has(asked(json!({})), &[], true), None, "it waits");
    let by_policy = asked(json!({"verdict": "allow", "status": "granted"}));
    assert_eq!(has(by_policy, &[], true), None);
}

#[test]
fn no_policies_are_known_by_their_digest() {
    let mut asked = requested(ARGUMENTS);
    asked["policy_digest"] = json!(json::hex(&Sha256::digest("[]")));
    let row = [change(1, asked)];
    let all = vec![entry(
        0,
        "approval.request",
        RecorderKind::ApiKey,
        &row,
        Value::Null,
    )];
    let proved = proved(all, &[0]).unwrap();
    assert!(proved.without_policies && proved.policies.is_none());
}

#[test]
fn what_cannot_be_does_not_hold() {
    let fault = |entries: Vec<Entry>, indexes: &[u64]| match proved(entries, indexes) {
        Err(BundleFault::Approval(fault)) => fault,
        other => panic!("{other:?}"),
    };
    let others = r#"{"amount":8}"#;
    assert_eq!(fault(entries(others), &[0, 1]), ApprovalFault::Digest);
    let again = |index, version| {
        let rows = [change(version, json!({"status": "used"}))];
        entry(index, "approval.use", RecorderKind::ApiKey, &rows, Value::Null)
    };
    let mut twice = entries(ARGUMENTS);
    twice.truncate(4);
    twice.push(entry(
        4,
        "approval.request",
        RecorderKind::ApiKey,
        &[change(4, json!({"status": "granted"}))],
        Value::Null,
    ));
    twice.push(again(5, 5));
    assert_eq!(fault(twice, &[1, 2, 3, 4, 5]), ApprovalFault::UsedTwice(3, 5));
    let mut same = entries(ARGUMENTS);
    same.push(again(5, 3));
    assert_eq!(fault(same, &[1, 2, 3, 4, 5]), ApprovalFault::Version(3));
}

#[test]
fn policies_are_those_that_the_system_recorded() {
    let mut forged = entries(ARGUMENTS);
    forged[0] = entry(
        0,
        "privilege_permissions_changed",
        RecorderKind::ApiKey,
        &[],
        json!({"approval.policies": policies()}),
    );
    assert_eq!(proved(forged, &[0, 1]).unwrap().policies, None);
}

#[test]
fn a_bundle_that_was_asked_about_nothing_proves_no_approval() {
    let log = Log::of(entries(ARGUMENTS));
    for filter in [json!({}), json!({"target": "a text"}), json!({"approval": 7})] {
        let summary = check(&log.bundle_for(filter, 0..5)).unwrap();
        assert_eq!(summary.approval, None);
    }
}
