//! Makers for the cases about custody: assets, operations, KYC and approvals, and a database with all of it.

use std::sync::Arc;

use domain::approval::RequestApproval;
use domain::custody::asset::CreateAsset;
use domain::custody::kyc::{Approve, CheckDocument, DecideKyc, DocumentKind, NewDocument, SubmitKyc};
use domain::custody::{Amount, Asset, OperationKind};
use domain::{Caller, Command, Origin, Reply};
use engine::custody::{Made, NewOperation, NewStep, Proposal, StepKind};
use engine::{Engine, Error};
use evidence::Timestamp;
use uuid::Uuid;

use crate::people::now;
use crate::support::{operator, submit};

/// Some milliseconds from now.
pub fn soon(millis: i64) -> Timestamp {
    Timestamp::from_micros(now().micros() + millis * 1_000).unwrap()
}

/// Waits until a moment is past.
pub async fn past(moment: Timestamp) {
    while now() <= moment {
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
}

/// Makes an asset.
pub async fn asset(engine: &Engine, code: &str, scale: u64, chain: Option<&str>) -> Arc<Asset> {
    let command = CreateAsset {
        id: None,
        code: code.into(),
        name: format!("Asset {code}"),
        scale,
        chain: chain.map(Into::into),
    };
    submit(engine, Command::CreateAsset(command)).await.unwrap();
    engine.asset_named(code).await.unwrap()
}

/// An operation of the asset BTC; `-` for a side that goes without saying.
pub fn new(kind: OperationKind, debit: &str, credit: &str, amount: &str) -> NewOperation {
    let named = |text: &str| (text != "-").then(|| text.to_owned());
    NewOperation {
        asset: Some("btc".into()),
        amount: Some(amount.into()),
        debit: named(debit),
        credit: named(credit),
        ..NewOperation::new(kind)
    }
}

/// The same, pending.
pub fn pending(kind: OperationKind, debit: &str, credit: &str, amount: &str) -> NewOperation {
    NewOperation {
        pending: Some(true),
        ..new(kind, debit, credit, amount)
    }
}

/// Makes an operation.
pub async fn make_as(engine: &Engine, caller: &Caller, new: NewOperation) -> Result<Made, Error> {
    engine
        .create_operation(caller, Origin::default(), new, None)
        .await
}

/// Makes an operation, as the operator.
pub async fn make(engine: &Engine, new: NewOperation) -> Result<Made, Error> {
    make_as(engine, &operator(), new).await
}

/// Takes a step of an operation.
pub async fn step_as(
    engine: &Engine,
    caller: &Caller,
    operation: Uuid,
    kind: StepKind,
) -> Result<Made, Error> {
    let step = NewStep {
        operation,
        version: None,
        kind,
    };
    engine.step_operation(caller, Origin::default(), step).await
}

/// Takes a step of an operation, as the operator.
pub async fn step(engine: &Engine, operation: Uuid, kind: StepKind) -> Result<Made, Error> {
    step_as(engine, &operator(), operation, kind).await
}

/// A capture.
pub fn capture(amount: &str) -> StepKind {
    StepKind::Capture {
        id: None,
        amount: Some(amount.into()),
    }
}

/// Posted, held and available of a balance in BTC, in smallest units.
pub async fn units(engine: &Engine, account: &str) -> (i128, i128, i128) {
    let asset = engine.asset_named("btc").await.unwrap();
    let found = engine.account_named("a", account, Some(asset.id), true).await;
    let state = engine.balance(found.unwrap().id()).await.unwrap().unwrap();
    let all = [state.balance.posted, state.held, state.available].map(Amount::units);
    (all[0], all[1], all[2])
}

/// The id of the user of this name.
pub async fn user_id(engine: &Engine, name: &str) -> Uuid {
    engine.user_named(name).await.unwrap().unwrap().row.id
}

/// Carries out a command of which nothing but its being done matters.
pub async fn done(engine: &Engine, caller: &Caller, command: Command) -> Reply {
    let answer = engine.submit(caller, Origin::default(), command).await;
    answer.unwrap().reply
}

/// Submits a KYC record with one document: its id, and the document's.
pub async fn submit_kyc(engine: &Engine, caller: &Caller, user: Uuid, tier: u64) -> (Uuid, Uuid) {
    let document = NewDocument {
        kind: DocumentKind::Passport,
        sha256: [u8::try_from(tier).unwrap() + 1; 32],
    };
    let command = SubmitKyc {
        id: None,
        user,
        tier,
        documents: vec![document],
    };
    match done(engine, caller, Command::SubmitKyc(command)).await {
        Reply::Kyc {
            record, documents, ..
        } => (record.id, documents[0].id),
        other => panic!("{other:?}"),
    }
}

/// Finds a document good.
pub async fn verified(engine: &Engine, reviewer: &Caller, (record, document): (Uuid, Uuid)) {
    let command = CheckDocument {
        record,
        document,
        verified: true,
        reason: None,
    };
    done(engine, reviewer, Command::CheckDocument(command)).await;
}

/// Decides on a KYC record.
pub fn decide_kyc<D>(record: Uuid, user: Uuid, decision: D) -> Command
where
    Command: From<DecideKyc<D>>,
{
    DecideKyc {
        record,
        user,
        version: None,
        decision,
    }
    .into()
}

/// Submits as the operator, checks and approves a tier: the record's id.
pub async fn approved(
    engine: &Engine,
    reviewer: &Caller,
    user: Uuid,
    tier: u64,
    expires_at: Option<Timestamp>,
) -> Uuid {
    let (record, document) = submit_kyc(engine, &operator(), user, tier).await;
    verified(engine, reviewer, (record, document)).await;
    let approve = Approve { expires_at };
    done(engine, reviewer, decide_kyc(record, user, approve)).await;
    record
}

/// Asks for an approval.
pub async fn request_approval(
    engine: &Engine,
    caller: &Caller,
    proposal: Proposal,
    expires_at: Option<Timestamp>,
) -> Uuid {
    let (action, arguments, quorum) = engine.approval_arguments(proposal).await.unwrap();
    let command = RequestApproval {
        id: None,
        action,
        arguments,
        reason: expires_at.is_none().then(|| "needed".to_owned()),
        quorum,
        expires_at,
        execution: None,
    };
    match done(engine, caller, Command::RequestApproval(command)).await {
        Reply::Approval { approval, .. } => approval.id,
        other => panic!("{other:?}"),
    }
}

/// A vote, with a reason where it is against.
pub async fn vote(engine: &Engine, approval: Uuid, approve: bool) -> Command {
    let reason = (!approve).then(|| "too much".to_owned());
    engine
        .prepare_vote(approval, approve, reason, None)
        .await
        .unwrap()
}

/// A proposal that concerns nothing of Probity's own.
pub fn outside(number: u64) -> Proposal {
    Proposal::Other {
        action: "invoice.pay".into(),
        arguments: serde_json::json!({"number": number}),
    }
}
