//! Every code of a step, and that the first in the order of the table is the one named.

use std::collections::BTreeSet;

use super::*;
use crate::code::{self, Code};
use crate::custody::operation::steps::{
    Cancel, Capture, Complete, Fail, MarkUnknown, OperationStep, Release, Report, Resolve, Start,
};
use crate::custody::operation::{Operation, OperationStatus, Transaction, results};

/// What the step is taken of.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Base {
    /// A capture of 5 of a pending transfer of 10.
    Capture,
    /// The start of a withdrawal of 10.
    Start,
    /// The completion of a pending deposit of 10.
    Complete,
}

struct Case {
    desk: Desk,
    command: StepOperation<Step>,
    caller: Caller,
}

type Break = (&'static str, &'static str, &'static [Base], fn(&mut Case));

fn case(base: Base) -> Case {
    let mut desk = Desk::new();
    let id = Some(desk.id());
    let transaction = Transaction {
        chain: Some("bitcoin".to_owned()),
        tx_hash: Some(HASH.to_owned()),
        output: Some(0),
        ..Transaction::default()
    };
    let (operation, step) = match base {
        Base::Capture => {
            let amount = Some(units(5));
            (waiting(desk.transfer(10)), Step::Capture(Capture { id, amount }))
        }
        Base::Start => (
            desk.withdrawal(10),
            Step::Start(Start {
                transaction,
                approval: None,
            }),
        ),
        Base::Complete => {
            let deposit = desk.new_operation(OperationKind::Deposit, desk.external(), desk.of(desk.ada), 10);
            (waiting(deposit), Step::Complete(Complete { transaction }))
        }
    };
    let operation = desk.done(&operation).operation.id;
    let command = desk.command(operation, step);
    let caller = desk.clerk.clone();
    Case {
        desk,
        command,
        caller,
    }
}

impl Case {
    /// Bends the operation.
    fn row(&mut self, change: impl FnOnce(&mut Operation)) {
        let mut sealed = self
            .desk
            .world
            .facts
            .operations
            .get(&self.command.operation)
            .unwrap()
            .clone();
        change(&mut sealed.row);
        self.desk.world.facts.operations.insert(sealed.row.id, sealed);
    }

    fn approval(&mut self, id: Uuid) {
        if let Step::Start(Start { approval, .. }) = &mut self.command.step {
            *approval = Some(id);
        }
    }

    fn approve(&mut self, quorum: u64, voters: &[Uuid]) {
        self.desk.threshold(OperationKind::Withdrawal, "0.04", quorum);
        let arguments = self.command.arguments();
        let id = self.desk.approval("operation.start", arguments, voters);
        self.approval(id);
    }
}

const ALL: &[Base] = &[Base::Capture, Base::Start, Base::Complete];

const BREAKS: &[Break] = &[
    ("permission_missing", "caller", ALL, |case| {
        case.caller = case.desk.world.key("ben", &[Scope::Custody]);
    }),
    ("scope_missing", "caller", ALL, |case| {
        case.caller = case.desk.world.key("root", &[Scope::Read]);
    }),
    ("unknown_operation", "operation", ALL, |case| {
        case.command.operation = Uuid::from_u128(0xdead);
    }),
    ("version_mismatch", "version", ALL, |case| {
        case.command.version = Some(9);
    }),
    ("id_conflict", "id", &[Base::Capture], |case| {
        let row = case
            .desk
            .world
            .facts
            .operations
            .values()
            .find(|row| row.row.parent_id.is_none());
        let taken = Some(row.unwrap().row.id);
        if let Step::Capture(Capture { id, .. }) = &mut case.command.step {
            *id = taken;
        }
    }),
    ("invalid_field", "amount", ALL, |case| {
        match &mut case.command.step {
            Step::Capture(Capture { amount, .. }) => *amount = Some(units(0)),
            Step::Start(Start { transaction, .. }) | Step::Complete(Complete { transaction }) => {
                transaction.chain = Some("Bitcoin".to_owned());
            }
            other => panic!("{other:?}"),
        }
    }),
    ("operation_expired", "time", ALL, |case| {
        let now = case.desk.world.now;
        case.row(|row| row.expires_at = Some(now));
    }),
    ("wrong_status", "status", ALL, |case| {
        case.row(|row| row.status = OperationStatus::Cancelled);
    }),
    ("wrong_kind", "kind", ALL, |case| {
        // A transfer is captured, anything else is not; and a withdrawal cannot be completed before it is started.
        let debit = case.desk.of(case.desk.ada).id();
        case.row(|row| {
            row.captured = match row.captured {
                None => Some(Amount::ZERO),
                Some(_) => None,
            };
            row.debit_id = debit;
        });
    }),
    ("kyc_expired", "kyc", ALL, |case| {
        let now = case.desk.world.now;
        case.desk.tier(1, 60);
        let records = case.desk.world.facts.kyc_records.values_mut();
        records.for_each(|record| record.row.ended_at = Some(now));
        // It began while the tier was good.
        for record in case.desk.world.facts.kyc_records.values_mut() {
            record.row.decided_at = Some(now.plus_seconds(-60));
        }
        case.row(|row| row.created_at = now.plus_seconds(-30));
    }),
    ("destination_removed", "destination", &[Base::Start], |case| {
        let now = case.desk.world.now;
        for destination in case.desk.world.facts.destinations.values_mut() {
            destination.row.removed_at = Some(now);
        }
    }),
    (
        "output_conflict",
        "output",
        &[Base::Start, Base::Complete],
        |case| {
            let row = case
                .desk
                .world
                .facts
                .operations
                .values()
                .next()
                .unwrap()
                .row
                .clone();
            let row = Operation {
                id: case.desk.id(),
                status: OperationStatus::Completed,
                chain: Some("bitcoin".to_owned()),
                tx_hash: Some(HASH.to_owned()),
                output: Some(0),
                ..row
            };
            case.desk.world.facts.operations.insert(row.id, sealed(row));
        },
    ),
    ("limit_unreadable", "threshold", &[Base::Start], |case| {
        case.desk.rules(|rules| rules.thresholds.clear());
        case.desk.threshold(OperationKind::Withdrawal, "0.001", 1);
    }),
    ("approval_required", "approval", &[Base::Start], |case| {
        case.desk.threshold(OperationKind::Withdrawal, "0.04", 1);
    }),
    ("approval_not_needed", "approval", &[Base::Start], |case| {
        case.approval(Uuid::from_u128(0xdead));
    }),
    ("unknown_approval", "approval", &[Base::Start], |case| {
        case.desk.threshold(OperationKind::Withdrawal, "0.04", 1);
        case.approval(Uuid::from_u128(0xdead));
    }),
    ("approval_not_own", "approval", &[Base::Start], |case| {
        let (ada, cora) = (case.desk.world.key("ada", &[Scope::Custody]), case.desk.cora);
        case.desk.threshold(OperationKind::Withdrawal, "0.04", 1);
        let arguments = case.command.arguments();
        let id = case.desk.approval_of(&ada, "operation.start", arguments, &[cora]);
        case.approval(id);
    }),
    ("approval_differs", "approval", &[Base::Start], |case| {
        let cora = case.desk.cora;
        case.desk.threshold(OperationKind::Withdrawal, "0.04", 1);
        let id = case.desk.approval("operation.start", "{}".to_owned(), &[cora]);
        case.approval(id);
    }),
    ("approval_not_granted", "approval", &[Base::Start], |case| {
        case.approve(1, &[]);
    }),
    ("approval_quorum", "approval", &[Base::Start], |case| {
        let cora = case.desk.cora;
        case.approve(2, &[cora]);
    }),
    ("exceeds_held", "amount", &[Base::Capture], |case| {
        if let Step::Capture(Capture { amount, .. }) = &mut case.command.step {
            *amount = Some(units(11));
        }
    }),
    (
        "credit_closed",
        "credit",
        &[Base::Capture, Base::Complete],
        |case| {
            let now = case.desk.world.now;
            let credit = case.command.credit;
            case.desk.bend(credit, |row| row.closed_at = Some(now));
        },
    ),
    (
        "above_maximum",
        "maximum",
        &[Base::Capture, Base::Complete],
        |case| {
            let credit = case.command.credit;
            case.desk.bend(credit, |row| row.maximum = Some(units(1_004)));
        },
    ),
    (
        "amount_overflow",
        "overflow",
        &[Base::Capture, Base::Complete],
        |case| {
            let credit = case.command.credit;
            case.desk.bend(credit, full);
        },
    ),
];

#[test]
fn nothing_broken() {
    for base in ALL {
        let mut case = case(*base);
        assert_eq!(
            code(case.desk.take(&case.caller, case.command)),
            "done",
            "{base:?}"
        );
        case.desk.check();
    }
}

/// What the steps say that they are refused with is what the documentation shows for all of them, in its order.
#[test]
fn every_code_of_a_step_is_shown() {
    fn of<S: OperationStep>() -> &'static [&'static Code] {
        S::REFUSALS
    }
    let steps = [
        of::<Report>(),
        of::<Start>(),
        of::<Complete>(),
        of::<Fail>(),
        of::<Cancel>(),
        of::<MarkUnknown>(),
        of::<Resolve>(),
        of::<Capture>(),
        of::<Release>(),
    ];
    let demanded = [&code::PERMISSION_MISSING, &code::SCOPE_MISSING];
    let all = steps.concat().into_iter().chain(demanded);
    let named: BTreeSet<_> = all.map(|code| code.name).collect();
    let shown: BTreeSet<_> = results::STEP.iter().map(|(code, _)| code.name).collect();
    assert_eq!(named, shown);
    let place = |code: &Code| results::STEP.iter().position(|(shown, _)| *shown == code);
    for step in steps {
        assert!(step.is_sorted_by_key(|code| place(code)), "{step:?}");
    }
}

#[test]
pub(crate) fn every_code_has_its_case() {
    let tested: BTreeSet<_> = BREAKS.iter().map(|(code, ..)| *code).collect();
    let listed: BTreeSet<_> = results::STEP.iter().map(|(code, _)| code.name).collect();
    assert_eq!(tested, listed);
    for (expected, _, bases, spoil) in BREAKS {
        for base in *bases {
            let mut case = case(*base);
            spoil(&mut case);
            let refusal = case.desk.take(&case.caller, case.command).unwrap_err();
            assert_eq!(refusal.code, *expected, "{base:?} {refusal}");
            let (code, _) = results::STEP
                .iter()
                .find(|(code, _)| code.name == *expected)
                .unwrap();
            assert_eq!(refusal.kind, code.kind, "{expected}");
            assert!(!refusal.final_for_id);
        }
    }
}

#[test]
fn the_first_broken_rule_is_named() {
    let place = |code: &str| results::STEP.iter().position(|(known, _)| known.name == code);
    for (first, group, bases, spoil) in BREAKS {
        for (second, other, others, spoil_too) in BREAKS {
            // What has ended is not past its time.
            let either = ["operation_expired", "wrong_status"];
            let exclusive = group == other || either.contains(first) && either.contains(second);
            if exclusive || place(first) > place(second) {
                continue;
            }
            for base in bases.iter().filter(|base| others.contains(base)) {
                let mut case = case(*base);
                spoil_too(&mut case);
                spoil(&mut case);
                let answer = code(case.desk.take(&case.caller, case.command));
                assert_eq!(answer, *first, "{base:?} with {second}");
            }
        }
    }
}

/// Whose an operation is, is said by the operation: a command that says otherwise opens nothing.
#[test]
fn nobody_takes_steps_of_what_is_not_theirs() {
    let mut desk = Desk::new();
    let transfer = waiting(desk.transfer(10));
    let ben = desk.world.key("ben", &[Scope::Custody]);
    let ada = desk.world.key("ada", &[Scope::Custody]);
    let operation = desk.send(&ada, &transfer).unwrap().operation.id;
    let command = desk.command(operation, Step::Release(Release { reason: None }));
    let mine = StepOperation {
        debit: desk.of(desk.ben),
        ..command.clone()
    };
    assert_eq!(code(desk.take(&ben, command.clone())), "permission_missing");
    assert_eq!(code(desk.take(&ben, mine)), "permission_missing");
    assert_eq!(code(desk.take(&ada, command)), "done");
}
