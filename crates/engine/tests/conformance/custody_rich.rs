//! A part of a rich log: every column of the tables of custody and approvals is filled in some row, and every status
//! and kind occurs.

use domain::approval::policy::{Policies, Policy};
use domain::approval::{ApprovalOutcome, ReportOutcome, UseApproval, Verdict};
use domain::custody::OperationKind::{Burn, Deposit, Mint, Reversal, Transfer, Withdrawal};
use domain::custody::balance::ConfigureBalance;
use domain::custody::destination::{AddDestination, RemoveDestination};
use domain::custody::kyc::{CheckDocument, Reject};
use domain::custody::operation::{OnChain, Step, Transaction};
use domain::custody::rules::{CustodyRules, LimitRule, ThresholdRule};
use domain::custody::{Account, Amount, House, Owner};
use domain::identity::Scope;
use domain::{Caller, Command, Origin, Reply};
use engine::Engine;
use engine::custody::{NewOperation, NewStep, OperationId, Proposal, StepKind, TransactionInput};
use serde_json::json;
use uuid::Uuid;

use crate::custody_desk::*;
use crate::people::session_of;
use crate::support::{create_key, operator};
use domain::approval::WithdrawApproval;
use domain::custody::operation::steps::{Cancel, Complete, Fail, MarkUnknown, Resolve, Start};

/// Withdrawals are limited, burns of more than 5 need an approval, and destinations can be used at once.
pub fn rules(rules: &mut CustodyRules) {
    rules.cooling_off_s = 0;
    rules.limits = vec![LimitRule {
        tier: 0,
        asset: "BTC".into(),
        kind: Withdrawal,
        window_s: 3_600,
        amount: "100".into(),
    }];
    rules.thresholds = vec![ThresholdRule {
        asset: "BTC".into(),
        kind: Burn,
        amount: "5".into(),
        quorum: 1,
    }];
}

/// Reviews are asked for, and the owner of an agent may vote on them.
pub fn policies() -> Policies {
    let review = Policy {
        action: "invoice.review".into(),
        agents: Vec::new(),
        conditions: Vec::new(),
        verdict: Verdict::Ask,
        quorum: 1,
        expires_s: None,
        owner_may_vote: true,
    };
    Policies::new(vec![review]).unwrap()
}

/// Writes it all: first what expires, each in a time that is enough on a busy machine too.
pub async fn rich_custody(engine: &Engine) {
    let cyd = session_of(engine, user_id(engine, "cyd").await).await;
    let clerk = create_key(engine, "ann", vec![Scope::Custody, Scope::Governance]).await;
    asset(engine, "EUR", 2, None).await;
    let btc = asset(engine, "BTC", 8, Some("bitcoin")).await.id;
    let mint = NewOperation {
        expires_at: Some(soon(1_500)),
        ..pending(Mint, "-", "house:omnibus", "1")
    };
    make(engine, mint).await.unwrap();
    request_approval(engine, &operator(), outside(1), Some(soon(1_500))).await;
    let gus = user_id(engine, "gus").await;
    let expiring = soon(1_500);
    approved(engine, &cyd, gus, 1, Some(expiring)).await;
    let destination = destinations(engine, btc).await;
    movements(engine, &clerk).await;
    withdrawals(engine, (&clerk, &cyd), destination).await;
    kyc(engine, &cyd).await;
    approvals(engine, (&clerk, &cyd)).await;
    let eva = user_id(engine, "eva").await;
    for (owner, maximum, closed) in [
        (Owner::User(eva), Some(1_000_000_000_000), None),
        (Owner::House(House::Fees), None, Some(true)),
    ] {
        let account = Account { asset: btc, owner };
        let command = ConfigureBalance {
            balance: account.id(),
            asset: btc,
            version: None,
            minimum: None,
            maximum: maximum.map(Amount::new),
            closed,
        };
        done(engine, &operator(), Command::ConfigureBalance(command)).await;
    }
    past(expiring).await;
    // A command that met one of them past its time has ended it already.
    engine.sweep().await.unwrap();
    let left = engine.sweep().await.unwrap();
    assert_eq!((left.operations, left.kyc_records, left.approvals), (0, 0, 0));
}

/// One in use and one removed, of eva: the id of the first.
async fn destinations(engine: &Engine, asset: Uuid) -> Uuid {
    let eva = user_id(engine, "eva").await;
    let own = session_of(engine, eva).await;
    let mut made = Vec::new();
    for (caller, label) in [(operator(), None), (own, Some("cold"))] {
        let command = AddDestination {
            id: None,
            user: eva,
            asset,
            address: format!("bc1q{}", label.unwrap_or("hot")),
            label: label.map(Into::into),
        };
        match done(engine, &caller, Command::AddDestination(command)).await {
            Reply::Destination(destination) => made.push(destination.id),
            other => panic!("{other:?}"),
        }
    }
    let remove = RemoveDestination { destination: made[1] };
    done(engine, &operator(), Command::RemoveDestination(remove)).await;
    made[0]
}

/// Kinds, captures, a reversal, links, an output of a transaction, and a request with a key.
async fn movements(engine: &Engine, clerk: &Caller) {
    let on_chain = NewOperation {
        transaction: TransactionInput {
            chain: None,
            tx_hash: Some("ab".repeat(32)),
            output: Some(1),
            block: Some(800_000),
            confirmations: Some(6),
            further: vec![OnChain {
                chain: "stellar".into(),
                tx_hash: "cd".repeat(32),
                output: None,
                block: Some(7),
                confirmations: None,
            }],
        },
        reference: Some("invoice 7".into()),
        metadata: serde_json::from_value(json!({"a": 1})).unwrap(),
        ..new(Deposit, "-", "user:eva", "100")
    };
    let body = json!({"amount": "100"});
    let key = OperationId::new("ann".into(), "operations", "key-1", &body);
    engine
        .create_operation(clerk, Origin::default(), on_chain, Some(&key))
        .await
        .unwrap();
    // The first of these fails, and frees its output for the second.
    for last in [false, true] {
        let again = NewOperation {
            transaction: TransactionInput {
                tx_hash: Some("ef".repeat(32)),
                ..TransactionInput::default()
            },
            ..pending(Deposit, "-", "user:eva", "2")
        };
        let id = make(engine, again).await.unwrap().operation.id;
        let error = "reorganised away".to_owned();
        if !last {
            step(engine, id, StepKind::Other(Step::Fail(Fail { error })))
                .await
                .unwrap();
        }
    }
    make(engine, new(Mint, "-", "house:omnibus", "20")).await.unwrap();
    make(engine, new(Burn, "house:omnibus", "-", "1")).await.unwrap();
    let held = make(engine, pending(Transfer, "user:eva", "user:fay", "4"))
        .await
        .unwrap();
    step(engine, held.operation.id, capture("1")).await.unwrap();
    let given = make(engine, new(Transfer, "user:eva", "user:gus", "3"))
        .await
        .unwrap();
    let back = NewOperation {
        reverses: Some(given.operation.id),
        ..NewOperation::new(Reversal)
    };
    make(engine, back).await.unwrap();
    let linked = NewOperation {
        linked: true,
        ..new(Transfer, "user:eva", "user:fay", "1")
    };
    let last = new(Transfer, "user:fay", "user:gus", "1");
    let both = engine
        .create_operations(&operator(), Origin::default(), vec![linked, last], None)
        .await;
    assert!(both.unwrap().iter().all(Result::is_ok));
}

/// Withdrawals in every status.
async fn withdrawals(engine: &Engine, (clerk, cyd): (&Caller, &Caller), destination: Uuid) {
    let mut ids = Vec::new();
    for _ in 0..6 {
        let new = NewOperation {
            destination: Some(destination),
            ..new(Withdrawal, "user:eva", "-", "1")
        };
        ids.push(make_as(engine, clerk, new).await.unwrap().operation.id);
    }
    let take = async |id: Uuid, kind| step_as(engine, clerk, id, StepKind::Other(kind)).await.unwrap();
    let start = |id: Uuid| {
        Step::Start(Start {
            transaction: Transaction {
                tx_hash: Some(format!("{0}{0}", id.simple())),
                ..Transaction::default()
            },
            approval: None,
        })
    };
    for id in &ids[1..5] {
        take(*id, start(*id)).await;
    }
    let reason = Some("changed my mind".to_owned());
    take(ids[5], Step::Cancel(Cancel { reason })).await;
    let lost = || "no answer".to_owned();
    take(
        ids[2],
        Step::Complete(Complete {
            transaction: Transaction::default(),
        }),
    )
    .await;
    take(ids[3], Step::MarkUnknown(MarkUnknown { error: lost() })).await;
    take(ids[4], Step::MarkUnknown(MarkUnknown { error: lost() })).await;
    let resolve = |approval| {
        StepKind::Other(Step::Resolve(Resolve {
            completed: false,
            evidence: "not in the chain".into(),
            transaction: Transaction::default(),
            approval,
        }))
    };
    let proposal = Proposal::Step(NewStep {
        operation: ids[4],
        version: None,
        kind: resolve(None),
    });
    let approval = request_approval(engine, clerk, proposal, None).await;
    done(engine, cyd, vote(engine, approval, true).await).await;
    step_as(engine, clerk, ids[4], resolve(Some(approval)))
        .await
        .unwrap();
}

/// KYC records in every status, and documents in every state.
async fn kyc(engine: &Engine, cyd: &Caller) {
    let mut users = Vec::new();
    for name in ["eva", "dan"] {
        users.push(user_id(engine, name).await);
    }
    approved(engine, cyd, users[0], 1, None).await;
    approved(engine, cyd, users[0], 2, None).await;
    let own = session_of(engine, users[1]).await;
    let (record, document) = submit_kyc(engine, &own, users[1], 1).await;
    let reason = || "blurred".to_owned();
    let check = CheckDocument {
        record,
        document,
        verified: false,
        reason: Some(reason()),
    };
    done(engine, cyd, Command::CheckDocument(check)).await;
    let reject = Reject { reason: reason() };
    done(engine, cyd, decide_kyc(record, users[1], reject)).await;
    submit_kyc(engine, &own, users[1], 2).await;
}

/// Approvals in every status beside the used one of a resolution, and votes for and against.
async fn approvals(engine: &Engine, (clerk, cyd): (&Caller, &Caller)) {
    request_approval(engine, clerk, outside(2), None).await;
    let ids = [
        request_approval(engine, clerk, outside(3), None).await,
        request_approval(engine, clerk, outside(4), None).await,
        request_approval(engine, clerk, outside(5), None).await,
        request_approval(engine, clerk, outside(6), None).await,
    ];
    done(
        engine,
        clerk,
        Command::WithdrawApproval(WithdrawApproval { approval: ids[0] }),
    )
    .await;
    done(engine, cyd, vote(engine, ids[1], false).await).await;
    done(engine, cyd, vote(engine, ids[2], true).await).await;
    done(engine, cyd, vote(engine, ids[3], true).await).await;
    let used = UseApproval {
        approval: ids[3],
        action: "invoice.pay".into(),
        arguments: r#"{"number":6}"#.into(),
    };
    done(engine, clerk, Command::UseApproval(used)).await;
    let report = ReportOutcome {
        approval: ids[3],
        outcome: ApprovalOutcome::Succeeded,
        result: Some(r#"{"paid":6}"#.into()),
    };
    done(engine, clerk, report.into()).await;
    let review = Proposal::Other {
        action: "invoice.review".into(),
        arguments: json!({"number": 7}),
    };
    let review = request_approval(engine, clerk, review, None).await;
    let suggested = r#"{"number":8}"#.to_owned();
    let against = engine.prepare_vote(review, false, Some("another one".into()), Some(suggested));
    done(engine, cyd, against.await.unwrap()).await;
    let burn = new(Burn, "house:omnibus", "-", "6");
    let proposal = Proposal::Operation(Box::new(burn.clone()));
    let approval = request_approval(engine, clerk, proposal, None).await;
    done(engine, cyd, vote(engine, approval, true).await).await;
    let burn = NewOperation {
        approval: Some(approval),
        ..burn
    };
    make_as(engine, clerk, burn).await.unwrap();
}

crate::on_both!(everything_is_there);

mod cases {
    use std::collections::BTreeSet;

    use crate::attacker::{assert_intact, close};
    use crate::catalogue;
    use crate::support::{Bed, rich_log};

    /// Tables of custody, approvals and workflows.
    const TABLES: [&str; 13] = [
        "approval_votes",
        "approvals",
        "assets",
        "balances",
        "chain_outputs",
        "conversations",
        "destinations",
        "executions",
        "execution_steps",
        "kyc_documents",
        "kyc_records",
        "legal_holds",
        "operations",
    ];

    /// Columns that are empty only in rows that an older program wrote.
    const ONCE_EMPTY: [&str; 7] = [
        "approval_votes.second_factor",
        "approval_votes.session_id",
        "approvals.content_salt",
        "approvals.policy_digest",
        "approvals.verdict",
        "assets.summed",
        "operations.summed",
    ];

    pub async fn everything_is_there(bed: Bed) {
        let engine = rich_log(&bed).await;
        let mut conn = engine.db().writer().await.unwrap();
        let tables = catalogue::tables(&mut conn).await;
        let mut missing = Vec::new();
        for table in TABLES {
            for column in &tables[table].columns {
                let name = &column.name;
                let sql = format!("SELECT count({name}), count(*) FROM {table}");
                let row = conn.opt(&sql, &[]).await.unwrap().unwrap();
                let (filled, all) = (row.int(0).unwrap(), row.int(1).unwrap());
                let always = !column.nullable || ONCE_EMPTY.contains(&&*format!("{table}.{name}"));
                if filled == 0 || (filled == all && !always) {
                    missing.push(format!("{table}.{name} is filled in {filled} of {all}"));
                }
            }
        }
        assert!(missing.is_empty(), "{missing:?}");
        let words = |table: &'static str, column: &'static str| {
            let sql = format!("SELECT DISTINCT {column} FROM {table}");
            (sql, table, column)
        };
        for ((sql, table, column), expected) in [
            (
                words("operations", "kind"),
                domain::custody::OperationKind::ALL.len(),
            ),
            (
                words("operations", "status"),
                domain::custody::OperationStatus::ALL.len(),
            ),
            (
                words("approvals", "status"),
                // What is denied is stored as rejected.
                domain::approval::ApprovalStatus::ALL.len() - 1,
            ),
            (
                words("kyc_records", "status"),
                domain::custody::kyc::KycStatus::ALL.len(),
            ),
            (
                words("kyc_documents", "state"),
                domain::custody::kyc::DocumentState::ALL.len(),
            ),
        ] {
            let found: BTreeSet<String> = catalogue::texts(&mut conn, &sql, &[]).await.into_iter().collect();
            assert_eq!(found.len(), expected, "{table}.{column}: {found:?}");
        }
        drop(conn);
        close(engine).await;
        assert_intact(&bed.options()).await;
    }
}
