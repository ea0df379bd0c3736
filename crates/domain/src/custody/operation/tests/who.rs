//! Who may take which step of whose operation, as one table: what changes in it changes who may touch a hold.

use std::fmt::Write as _;

use super::*;
use crate::custody::operation::Transaction;
use crate::custody::operation::steps::{
    Cancel, Capture, Complete, Fail, MarkUnknown, Release, Report, Resolve, Start,
};

const STEPS: [&str; 9] = [
    "cancel",
    "capture",
    "release",
    "report",
    "start",
    "complete",
    "fail",
    "mark_unknown",
    "resolve",
];

/// Callers: who they are to the operations below, by user, and the scopes of a key where it is one.
const CALLERS: [(&str, &str, &[Scope]); 13] = [
    ("ada: user", "ada", &[]),
    ("ada's key, custody", "ada", &[Scope::Custody]),
    ("ada's key, admin", "ada", &[Scope::Admin]),
    ("ada's key, read", "ada", &[Scope::Read]),
    ("ada's agent, governance", "ada", &[Scope::Governance]),
    ("ben: user", "ben", &[]),
    ("eve: user, a stranger", "eve", &[]),
    ("fay: user, was admin", "fay", &[]),
    ("dev: developer, reads", "dev", &[]),
    ("root: admin, writes", "root", &[]),
    ("root's key, custody", "root", &[Scope::Custody]),
    ("root's key, read", "root", &[Scope::Read]),
    ("the operator", "", &[]),
];

/// What the steps are taken of: who asks for it, what sort, from whom, to whom.
const OPERATIONS: [(&str, OperationKind, &str, &str); 9] = [
    ("ada", OperationKind::Transfer, "ada", "ben"),
    ("root", OperationKind::Transfer, "ada", "ben"),
    ("fay", OperationKind::Transfer, "ada", "ben"),
    ("root", OperationKind::Transfer, "house:fees", "ben"),
    ("ada", OperationKind::Withdrawal, "ada", "house:external"),
    ("root", OperationKind::Withdrawal, "ada", "house:external"),
    ("root", OperationKind::Deposit, "house:external", "ben"),
    ("root", OperationKind::Mint, "house:external", "ben"),
    ("root", OperationKind::Burn, "ada", "house:external"),
];

/// The desk with everybody in it, and an operation that is as far as the step needs it.
fn with((maker, kind, from, to): (&str, OperationKind, &str, &str), step: &str) -> (Desk, Uuid) {
    let mut desk = Desk::new();
    for (name, role) in [("eve", "user"), ("fay", "admin"), ("dev", "developer")] {
        desk.world.user(name, role);
    }
    let account = |desk: &Desk, name: &str| match name.split_once(':') {
        Some((_, house)) => desk.house(House::parse(house).unwrap()),
        None => desk.of(desk.world.facts.user_named(name).unwrap().row.id),
    };
    let (debit, credit) = (account(&desk, from), account(&desk, to));
    desk.done(&CreateOperation::new(
        OperationKind::Deposit,
        desk.external(),
        desk.house(House::Fees),
        units(100),
    ));
    let destination = (kind == OperationKind::Withdrawal).then(|| desk.destination(0));
    let new = CreateOperation {
        destination,
        waits: true,
        ..desk.new_operation(kind, debit, credit, 10)
    };
    let maker = desk.world.key(maker, &[Scope::Custody]);
    let id = desk.send(&maker, &new).unwrap().operation.id;
    let sent = ["complete", "mark_unknown", "resolve"].contains(&step);
    if sent && kind != OperationKind::Transfer {
        desk.step(id, named("start")).unwrap();
    }
    if step == "resolve" && kind != OperationKind::Transfer {
        desk.step(id, named("mark_unknown")).unwrap();
    }
    let fay = desk.world.facts.user_named("fay").unwrap().row.id;
    let role = crate::identity::Role::parse("user").unwrap();
    let demote = crate::identity::user::SetRole {
        user: fay,
        version: None,
        role,
    };
    desk.world.run(&operator(), &Command::SetRole(demote)).unwrap();
    (desk, id)
}

fn named(step: &str) -> Step {
    let transaction = Transaction::default();
    let error = "lost".to_owned();
    match step {
        "cancel" => Step::Cancel(Cancel { reason: None }),
        "capture" => Step::Capture(Capture {
            id: None,
            amount: None,
        }),
        "release" => Step::Release(Release { reason: None }),
        "report" => Step::Report(Report {
            transaction: Transaction {
                confirmations: Some(1),
                ..transaction
            },
        }),
        "start" => Step::Start(Start {
            transaction,
            approval: None,
        }),
        "complete" => Step::Complete(Complete { transaction }),
        "fail" => Step::Fail(Fail { error }),
        "mark_unknown" => Step::MarkUnknown(MarkUnknown { error }),
        _ => Step::Resolve(Resolve {
            completed: true,
            evidence: "the chain has it".to_owned(),
            transaction,
            approval: None,
        }),
    }
}

fn caller(desk: &mut Desk, (_, user, scopes): (&str, &str, &[Scope])) -> Caller {
    match (user, scopes) {
        ("", _) => operator(),
        (user, []) => {
            let id = desk.world.facts.user_named(user).unwrap().row.id;
            desk.world.session(id)
        }
        (user, scopes) => desk.world.key(user, scopes),
    }
}

/// Steps belong to who asked for an operation of their own balance, and to who holds `custody:write`: neither to who
/// pays what somebody else asked for, nor to who is paid. `resolve` is decided by two, so it wants an approval.
#[test]
pub(crate) fn steps_belong_to_who_made_the_operation_or_holds_custody_write() {
    let mut text = String::new();
    for operation in OPERATIONS {
        let (maker, kind, from, to) = operation;
        writeln!(text, "{}, {from} -> {to}, asked for by {maker}", kind.as_str()).unwrap();
        for by in CALLERS {
            let mut outcomes: Vec<(&str, Vec<&str>)> = Vec::new();
            for step in STEPS {
                let (mut desk, id) = with(operation, step);
                let caller = caller(&mut desk, by);
                let command = desk.command(id, named(step));
                let outcome = code(desk.take(&caller, command));
                desk.check();
                match outcomes.iter_mut().find(|(code, _)| *code == outcome) {
                    Some((_, steps)) => steps.push(step),
                    None => outcomes.push((outcome, vec![step])),
                }
            }
            outcomes.sort_by_key(|(code, _)| (*code != "done", *code));
            let outcomes = outcomes.iter();
            let outcomes: Vec<_> = outcomes
                .map(|(code, steps)| format!("{code}: {}", steps.join(" ")))
                .collect();
            writeln!(text, "  {:<25}{}", by.0, outcomes.join("; ")).unwrap();
        }
        text.push('\n');
    }
    let golden = include_str!("../../../../tests/steps.txt");
    assert!(text == golden, "the table is now:\n{text}");
}

/// The message says whose the step is, not only which permission is missing.
#[test]
fn who_pays_a_hold_that_somebody_else_put_on_the_balance_is_told_why_it_is_not_theirs() {
    let (mut desk, id) = with(OPERATIONS[1], "release");
    let ada = desk.world.key("ada", &[Scope::Custody]);
    for step in ["cancel", "capture", "release"] {
        let command = desk.command(id, named(step));
        let refusal = desk.take(&ada, command).unwrap_err();
        assert_eq!(refusal.code, "permission_missing");
        let expected = format!(
            "operation.{step} is for who made the operation from their own balance, or who holds custody:write"
        );
        assert_eq!(refusal.message, expected);
    }
    assert_eq!(desk.balance(desk.of(desk.ada)), (1_000, 10));
}

/// The entry of a refused step is about the operation, and names whose balances are on both sides of it.
#[test]
fn a_refused_step_says_whose_balances_it_would_have_moved() {
    let (mut desk, id) = with(OPERATIONS[1], "release");
    let eve = desk.world.key("eve", &[Scope::Custody]);
    let command = desk.command(id, named("release")).command();
    let (_, draft) = desk.world.decide(&eve, &command).unwrap_err();
    let draft = draft.unwrap();
    assert_eq!(draft.target_id, Some(id));
    let payload: serde_json::Value = serde_json::from_str(&draft.payload).unwrap();
    let account = |user: Uuid| serde_json::Value::from(format!("user:{user}"));
    assert_eq!(
        (
            &payload["details"]["debit_account"],
            &payload["details"]["credit_account"]
        ),
        (&account(desk.ada), &account(desk.ben))
    );
}
