//! Approvals of Probity's own verbs: bound to what the command will be, and used by it.

use domain::custody::OperationKind;
use domain::custody::operation::{Step, Transaction};
use domain::custody::rules::ThresholdRule;
use domain::identity::Role;
use domain::{Caller, Origin};
use engine::Error;
use engine::custody::{Made, NewOperation, NewStep, StepKind};
use serde_json::{Value, json};
use uuid::Uuid;

use super::Board;
use crate::api::{Api, BOTH, On};
use crate::people::{Person, bitcoin, with_rules};
use domain::custody::operation::steps::{MarkUnknown, Resolve, Start};

fn threshold(kind: OperationKind, quorum: u64) -> ThresholdRule {
    ThresholdRule {
        asset: "BTC".into(),
        kind,
        amount: "1".into(),
        quorum,
    }
}

/// Two people must approve transfers, one withdrawals, of more than 1 BTC.
async fn above_one(on: On) -> Api {
    let api = with_rules(on, |rules| {
        rules.custody.thresholds = vec![
            threshold(OperationKind::Transfer, 2),
            threshold(OperationKind::Withdrawal, 1),
        ];
    })
    .await;
    bitcoin(&api).await;
    api
}

async fn make(api: &Api, caller: &Caller, new: NewOperation) -> Result<Made, Error> {
    api.engine
        .create_operation(caller, Origin::default(), new, None)
        .await
}

async fn deposit(api: &Api, credit: &str) {
    let operator = Caller::Operator { name: "test".into() };
    let new = NewOperation {
        asset: Some("BTC".into()),
        amount: Some("10".into()),
        credit: Some(credit.into()),
        ..NewOperation::new(OperationKind::Deposit)
    };
    make(api, &operator, new).await.unwrap();
}

fn id_of(path: &str) -> Uuid {
    path.rsplit('/').next().unwrap().parse().unwrap()
}

fn code<T: std::fmt::Debug>(result: Result<T, Error>) -> &'static str {
    match result {
        Err(Error::Refused { refusal, .. }) => refusal.code,
        other => panic!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_operation_is_approved_as_it_will_be_asked_for() {
    for on in BOTH {
        let api = above_one(on).await;
        let board = Board::new(&api).await;
        Person::new(&api, "ann", Role::USER).await;
        deposit(&api, "user:ann").await;
        let arguments = json!({"kind": "transfer", "asset": "btc", "amount": "2.50", "debit": "user:ann", "credit": "house:omnibus"});
        let body = json!({"action": "operation.create", "arguments": arguments});
        let path = board.asked(&api, &board.root, body).await;
        let shown = board.cora.get(&api, &path).await.json();
        assert_eq!(
            (
                &shown["quorum"],
                &shown["arguments"]["amount"],
                &shown["arguments"]["kind"]
            ),
            (&json!(2), &json!("250000000"), &json!("transfer"))
        );
        let root = api.engine.authenticate(&board.root.session).await.unwrap();
        let new = |amount: &str| NewOperation {
            asset: Some("BTC".into()),
            amount: Some(amount.into()),
            debit: Some("user:ann".into()),
            credit: Some("house:omnibus".into()),
            approval: Some(id_of(&path)),
            ..NewOperation::new(OperationKind::Transfer)
        };
        board.vote_for(&api, &board.cora, &path).await;
        assert_eq!(code(make(&api, &root, new("2.5")).await), "approval_not_granted");
        board.vote_for(&api, &board.carl, &path).await;
        assert_eq!(code(make(&api, &root, new("2.6")).await), "approval_differs");
        let same = json!({"action": "operation.create", "arguments": shown["arguments"]});
        let got = board.root.post(&api, &format!("{path}/use"), same).await;
        got.assert_problem(409, "approval_internal", Some("action"));
        make(&api, &root, new("2.5")).await.unwrap();
        assert_eq!(board.root.get(&api, &path).await.json()["status"], "used");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn so_is_the_start_of_a_withdrawal_and_its_resolution() {
    for on in BOTH {
        let api = above_one(on).await;
        let board = Board::new(&api).await;
        let ann = Person::new(&api, "ann", Role::USER).await;
        deposit(&api, "house:omnibus").await;
        let root = api.engine.authenticate(&board.root.session).await.unwrap();
        let new = NewOperation {
            asset: Some("BTC".into()),
            amount: Some("3".into()),
            debit: Some("house:omnibus".into()),
            ..NewOperation::new(OperationKind::Withdrawal)
        };
        let operation = make(&api, &root, new).await.unwrap().operation.id;
        let start = json!({"action": "operation.start", "arguments": {"operation": operation}});
        let got = ann.post(&api, "/v1/approvals", start.clone()).await;
        got.assert_problem(404, "unknown_operation", Some("arguments.operation"));
        let path = board.asked(&api, &board.root, start).await;
        board.vote_for(&api, &board.cora, &path).await;
        let step = async |step: Step| {
            let new = NewStep {
                operation,
                version: None,
                kind: StepKind::Other(step),
            };
            api.engine.step_operation(&root, Origin::default(), new).await
        };
        let started = |approval: Option<Uuid>| {
            Step::Start(Start {
                transaction: Transaction::default(),
                approval,
            })
        };
        assert_eq!(code(step(started(None)).await), "approval_required");
        step(started(Some(id_of(&path)))).await.unwrap();
        step(Step::MarkUnknown(MarkUnknown {
            error: "no answer".into(),
        }))
        .await
        .unwrap();
        let resolve = json!({"operation": operation, "outcome": "failed", "evidence": "not in any block"});
        let body = json!({"action": "operation.resolve", "arguments": resolve});
        let path = board.asked(&api, &board.root, body).await;
        board.vote_for(&api, &board.cora, &path).await;
        let resolved = |completed| {
            Step::Resolve(Resolve {
                completed,
                evidence: "not in any block".into(),
                transaction: Transaction::default(),
                approval: Some(id_of(&path)),
            })
        };
        assert_eq!(code(step(resolved(true)).await), "approval_differs");
        step(resolved(false)).await.unwrap();
    }
}

/// Arguments that are refused: with the status and the code, and the member.
type Case = (Value, (u16, &'static str), &'static str);

const INVALID: (u16, &str) = (400, "invalid_field");

fn transfer(amount: &Value, debit: &str) -> Value {
    json!({"kind": "transfer", "asset": "BTC", "amount": amount, "debit": debit, "credit": "house:omnibus"})
}

fn creations(nobody: Uuid) -> Vec<Case> {
    let reversal = json!({"kind": "reversal", "reverses": nobody});
    let of_nobody = transfer(&json!("1"), &nobody.to_string());
    let missing = |code| (404, code);
    vec![
        (json!({}), INVALID, "kind"),
        (json!({"kind": "gift"}), INVALID, "kind"),
        (json!({"kind": "burn", "nonsense": 1}), INVALID, "nonsense"),
        (transfer(&json!(2.5), "user:ann"), INVALID, "amount"),
        (transfer(&json!("2.123456789"), "user:ann"), INVALID, "amount"),
        (transfer(&json!("1"), "house:attic"), INVALID, "debit"),
        (
            transfer(&json!("1"), "user:nobody"),
            missing("unknown_user"),
            "debit",
        ),
        (of_nobody, missing("unknown_balance"), "debit"),
        (
            json!({"kind": "burn", "asset": "ETH"}),
            missing("unknown_asset"),
            "asset",
        ),
        (reversal, missing("unknown_operation"), "reverses"),
    ]
}

fn starts(nobody: Uuid) -> Vec<Case> {
    vec![
        (json!({}), INVALID, "operation"),
        (json!({"operation": "x"}), INVALID, "operation"),
        (json!({"operation": nobody, "tx_hash": "x"}), INVALID, "tx_hash"),
        (
            json!({"operation": nobody}),
            (404, "unknown_operation"),
            "operation",
        ),
    ]
}

fn resolutions(nobody: Uuid) -> Vec<Case> {
    let of = |outcome: &str| json!({"operation": nobody, "outcome": outcome, "evidence": "x"});
    vec![
        (
            json!({"operation": nobody, "outcome": "failed"}),
            INVALID,
            "evidence",
        ),
        (of("maybe"), INVALID, "outcome"),
        (of("failed"), (404, "unknown_operation"), "operation"),
    ]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_they_hold_is_read_as_the_command_reads_it() {
    let api = above_one(On::Sqlite).await;
    let board = Board::new(&api).await;
    let ann = Person::new(&api, "ann", Role::USER).await;
    deposit(&api, "user:ann").await;
    let nobody = Uuid::now_v7();
    let before = api.size().await;
    for (action, cases) in [
        ("operation.create", creations(nobody)),
        ("operation.start", starts(nobody)),
        ("operation.resolve", resolutions(nobody)),
    ] {
        for (arguments, (status, code), member) in cases {
            let body = json!({"action": action, "arguments": arguments});
            let got = board.root.post(&api, "/v1/approvals", body).await;
            got.assert_problem(status, code, Some(&format!("arguments.{member}")));
        }
    }
    assert_eq!(api.size().await, before, "what cannot be read is not decided");
    // Names are for those who may read users.
    let body = json!({"action": "operation.create", "arguments": transfer(&json!("1"), "user:nobody")});
    let got = ann.post(&api, "/v1/approvals", body).await;
    got.assert_problem(400, "invalid_field", Some("arguments.debit"));
}
