//! Every kind, done at once or pending, and every step of it: what balances are after it, or why not.

use super::*;
use crate::custody::operation::OperationStatus::{
    self, Cancelled, Completed, Failed, Pending, Processing, Unknown,
};
use crate::custody::operation::Transaction;
use crate::custody::operation::steps::{
    Cancel, Capture, Complete, Fail, MarkUnknown, Release, Report, Resolve, Start,
};

pub(super) fn start() -> Step {
    Step::Start(Start {
        transaction: Transaction::default(),
        approval: None,
    })
}

pub(super) fn complete() -> Step {
    Step::Complete(Complete {
        transaction: Transaction::default(),
    })
}

pub(super) fn fail() -> Step {
    Step::Fail(Fail {
        error: "no".to_owned(),
    })
}

pub(super) fn mark_unknown() -> Step {
    Step::MarkUnknown(MarkUnknown {
        error: "silence".to_owned(),
    })
}

pub(super) fn cancel() -> Step {
    Step::Cancel(Cancel { reason: None })
}

pub(super) fn report() -> Step {
    Step::Report(Report {
        transaction: Transaction {
            chain: Some("bitcoin".to_owned()),
            tx_hash: Some(HASH.to_owned()),
            ..Transaction::default()
        },
    })
}

pub(super) fn capture(amount: i128) -> Step {
    Step::Capture(Capture {
        id: None,
        amount: Some(units(amount)),
    })
}

pub(super) fn resolve(completed: bool, approval: Option<Uuid>) -> Step {
    Step::Resolve(Resolve {
        completed,
        evidence: "the chain".to_owned(),
        transaction: Transaction::default(),
        approval,
    })
}

fn accounts(desk: &Desk, kind: OperationKind) -> (Account, Account) {
    let (ada, outside) = (desk.of(desk.ada), desk.external());
    match kind {
        OperationKind::Deposit | OperationKind::Mint => (outside, ada),
        OperationKind::Withdrawal | OperationKind::Burn => (ada, outside),
        OperationKind::Transfer | OperationKind::Reversal => (ada, desk.of(desk.ben)),
    }
}

fn command(desk: &mut Desk, kind: OperationKind, waits: bool) -> CreateOperation {
    let (debit, credit) = accounts(desk, kind);
    let destination = (kind == OperationKind::Withdrawal).then(|| desk.destination(0));
    CreateOperation {
        waits,
        destination,
        ..desk.new_operation(kind, debit, credit, 10)
    }
}

/// Posted and held of debit and credit, as the difference to before.
fn moved(before: &Desk, after: &Desk, kind: OperationKind) -> [(i128, i128); 2] {
    let (debit, credit) = accounts(before, kind);
    [debit, credit].map(|account| {
        let (was, is) = (before.balance(account), after.balance(account));
        (is.0 - was.0, is.1 - was.1)
    })
}

impl Desk {
    /// The same desk, to be compared with later.
    fn copy(&self) -> Desk {
        let mut copy = Desk::new();
        copy.world.facts = self.world.facts.clone();
        (copy.asset, copy.ada, copy.ben) = (self.asset, self.ada, self.ben);
        copy
    }
}

#[test]
fn done_at_once() {
    use OperationKind::{Burn, Deposit, Mint, Transfer, Withdrawal};
    for kind in [Deposit, Mint, Transfer, Burn] {
        let mut desk = Desk::new();
        let before = desk.copy();
        let command = command(&mut desk, kind, false);
        let state = desk.done(&command);
        assert_eq!(state.operation.status, Completed);
        assert_eq!(moved(&before, &desk, kind), [(-10, 0), (10, 0)], "{kind:?}");
        let (debit, credit) = accounts(&desk, kind);
        assert_eq!(state.operation.debit_posted, Some(units(desk.balance(debit).0)));
        assert_eq!(state.operation.credit_posted, Some(units(desk.balance(credit).0)));
        for step in [
            start(),
            complete(),
            fail(),
            mark_unknown(),
            cancel(),
            report(),
            capture(1),
            Step::Release(Release { reason: None }),
        ] {
            let expected = match step {
                // It is completed already.
                Step::Complete(Complete { transaction: _ }) => "replayed",
                _ => "wrong_status",
            };
            assert_eq!(code(desk.step(state.operation.id, step)), expected, "{kind:?}");
        }
    }
    let mut desk = Desk::new();
    let withdrawal = command(&mut desk, Withdrawal, false);
    assert_eq!(desk.code(&withdrawal), "invalid_field");
}

/// An operation of this kind that stands so.
pub(super) fn standing(kind: OperationKind, status: OperationStatus) -> (Desk, Desk, Uuid) {
    let mut desk = Desk::new();
    let before = desk.copy();
    let command = command(&mut desk, kind, true);
    let id = desk.done(&command).operation.id;
    let steps = match status {
        Processing => vec![start()],
        Unknown => vec![start(), mark_unknown()],
        Failed => vec![fail()],
        Cancelled => vec![cancel()],
        Completed => vec![start(), complete()],
        Pending => vec![],
    };
    for step in steps {
        desk.step(id, step).unwrap();
    }
    (desk, before, id)
}

#[test]
pub(crate) fn every_step_of_every_kind_in_every_status() {
    use OperationKind::{Burn, Deposit, Mint, Withdrawal};
    const HELD: [(i128, i128); 2] = [(-0, 10), (0, 0)];
    const MOVED: [(i128, i128); 2] = [(-10, 0), (10, 0)];
    const FREE: [(i128, i128); 2] = [(0, 0), (0, 0)];
    for kind in [Deposit, Mint, Burn, Withdrawal] {
        for status in [Pending, Processing, Unknown, Failed, Cancelled, Completed] {
            let steps = [
                start(),
                complete(),
                fail(),
                mark_unknown(),
                cancel(),
                report(),
                capture(1),
                Step::Release(Release { reason: None }),
            ];
            for step in steps {
                let (mut desk, before, id) = standing(kind, status);
                let expected = match (&step, status) {
                    (Step::Complete(Complete { transaction: _ }), Pending) if kind == Withdrawal => {
                        Err("wrong_kind")
                    }
                    (Step::Start(Start { .. }), Pending) => Ok((Processing, HELD)),
                    (Step::Complete(Complete { transaction: _ }), Pending | Processing) => {
                        Ok((Completed, MOVED))
                    }
                    (Step::Fail(Fail { .. }), Pending | Processing) => Ok((Failed, FREE)),
                    (Step::MarkUnknown(MarkUnknown { .. }), Processing) => Ok((Unknown, HELD)),
                    (Step::Cancel(Cancel { .. }), Pending) => Ok((Cancelled, FREE)),
                    (Step::Report(Report { transaction: _ }), Pending | Processing | Unknown) => {
                        Ok((status, HELD))
                    }
                    (Step::Capture(Capture { .. }) | Step::Release(Release { .. }), Pending) => {
                        Err("wrong_kind")
                    }
                    (Step::Start(Start { .. }), Processing)
                    | (Step::Complete(Complete { transaction: _ }), Completed)
                    | (Step::Fail(Fail { .. }), Failed)
                    | (Step::MarkUnknown(MarkUnknown { .. }), Unknown)
                    | (Step::Cancel(Cancel { .. }), Cancelled) => Err("replayed"),
                    _ => Err("wrong_status"),
                };
                let answer = desk.step(id, step.clone());
                match expected {
                    Ok((status, balances)) => {
                        let state = answer.unwrap();
                        assert_eq!(state.operation.status, status, "{kind:?} {step:?}");
                        assert_eq!(moved(&before, &desk, kind), balances, "{kind:?} {step:?}");
                        assert_eq!(code(desk.step(id, step)), "replayed", "{kind:?}");
                    }
                    Err(expected) => assert_eq!(code(answer), expected, "{kind:?} {status:?} {step:?}"),
                }
            }
        }
    }
}

#[test]
pub(crate) fn a_fate_that_is_not_known_is_said_by_two() {
    for completed in [true, false] {
        let (mut desk, before, id) = standing(OperationKind::Withdrawal, Unknown);
        assert_eq!(code(desk.step(id, resolve(completed, None))), "approval_required");
        let cora = desk.cora;
        let asked = |approval| resolve(completed, approval);
        let other = desk.command(id, resolve(!completed, None)).arguments();
        let other = desk.approval("operation.resolve", other, &[cora]);
        assert_eq!(code(desk.step(id, asked(Some(other)))), "approval_differs");
        let arguments = desk.command(id, asked(None)).arguments();
        let approval = desk.approval("operation.resolve", arguments, &[cora]);
        let state = desk.step(id, asked(Some(approval))).unwrap();
        assert_eq!(state.operation.status, if completed { Completed } else { Failed });
        assert_eq!(state.operation.evidence.as_deref(), Some("the chain"));
        assert_eq!(state.operation.approval_id, Some(approval));
        let expected = if completed {
            [(-10, 0), (10, 0)]
        } else {
            [(0, 0), (0, 0)]
        };
        assert_eq!(moved(&before, &desk, OperationKind::Withdrawal), expected);
        assert_eq!(desk.approval_status(approval), ApprovalStatus::Used);
        assert_eq!(code(desk.step(id, asked(Some(approval)))), "replayed");
    }
}

#[test]
fn a_pending_transfer_is_captured_in_parts() {
    let mut desk = Desk::new();
    let (ada, ben) = (desk.of(desk.ada), desk.of(desk.ben));
    let transfer = waiting(desk.transfer(10));
    let id = desk.done(&transfer).operation.id;
    assert_eq!(desk.balance(ada), (1_000, 10));
    for step in [start(), complete(), fail(), cancel()] {
        assert_eq!(code(desk.step(id, step)), "wrong_kind");
    }
    let first = Step::Capture(Capture {
        id: Some(Uuid::from_u128(0xca)),
        amount: Some(units(3)),
    });
    let part = desk.step(id, first.clone()).unwrap();
    assert_eq!(
        (part.operation.parent_id, part.operation.amount),
        (Some(id), units(3))
    );
    assert_eq!((desk.balance(ada), desk.balance(ben)), ((997, 7), (1_003, 0)));
    assert_eq!(code(desk.step(id, first)), "replayed");
    let other = Step::Capture(Capture {
        id: Some(Uuid::from_u128(0xca)),
        amount: Some(units(4)),
    });
    assert_eq!(code(desk.step(id, other)), "id_conflict");
    // A capture's id is not the one of an operation that looks like it.
    let twin = CreateOperation {
        id: Some(part.operation.id),
        ..desk.transfer(3)
    };
    assert_eq!(desk.code(&twin), "id_conflict");
    let refusal = desk.step(id, capture(8)).unwrap_err();
    assert_eq!(refusal.code, "exceeds_held");
    assert_eq!(refusal.rule.unwrap().remaining.as_deref(), Some("0.07"));
    desk.step(id, capture(3)).unwrap();
    let rest = Step::Capture(Capture {
        id: None,
        amount: None,
    });
    assert_eq!(desk.step(id, rest.clone()).unwrap().operation.amount, units(4));
    assert_eq!((desk.balance(ada), desk.balance(ben)), ((990, 0), (1_010, 0)));
    let row = desk.world.facts.operations.get(&id).unwrap().row.clone();
    assert_eq!(
        (row.status, row.captured, row.debit_posted),
        (Completed, Some(units(10)), None)
    );
    assert_eq!(code(desk.step(id, rest)), "wrong_status");
    assert_eq!(
        code(desk.step(id, Step::Release(Release { reason: None }))),
        "replayed"
    );
}

#[test]
fn what_is_released_is_free_again() {
    for (captured, status) in [(0, Cancelled), (4, Completed)] {
        let mut desk = Desk::new();
        let ada = desk.of(desk.ada);
        let transfer = waiting(desk.transfer(10));
        let id = desk.done(&transfer).operation.id;
        if captured > 0 {
            desk.step(id, capture(captured)).unwrap();
        }
        let state = desk.step(id, Step::Release(Release { reason: None })).unwrap();
        assert_eq!(state.operation.status, status);
        assert_eq!(desk.balance(ada), (1_000 - captured, 0));
        assert_eq!(
            code(desk.step(id, Step::Release(Release { reason: None }))),
            "replayed"
        );
        assert_eq!(code(desk.step(id, capture(1))), "wrong_status");
    }
}

#[test]
fn what_was_done_is_undone_once() {
    use OperationKind::{Burn, Deposit, Mint, Transfer};
    for kind in [Deposit, Mint, Transfer, Burn] {
        let mut desk = Desk::new();
        let before = desk.copy();
        let command = command(&mut desk, kind, false);
        let original = desk.done(&command).operation.id;
        let (debit, credit) = accounts(&desk, kind);
        let reversal = |desk: &mut Desk, amount| CreateOperation {
            reverses: Some(original),
            ..desk.new_operation(OperationKind::Reversal, credit, debit, amount)
        };
        let less = reversal(&mut desk, 9);
        assert_eq!(desk.code(&less), "reversal_differs");
        let whole = reversal(&mut desk, 10);
        let undone = desk.done(&whole).operation.id;
        assert_eq!(moved(&before, &desk, kind), [(0, 0), (0, 0)], "{kind:?}");
        assert_eq!(desk.code(&whole), "replayed");
        let again = reversal(&mut desk, 10);
        assert_eq!(desk.code(&again), "already_reversed");
        let back = CreateOperation {
            reverses: Some(undone),
            ..desk.new_operation(OperationKind::Reversal, debit, credit, 10)
        };
        assert_eq!(desk.code(&back), "not_reversible");
    }
}

#[test]
fn bounds_at_their_edge() {
    let mut desk = Desk::new();
    let (ada, ben) = (desk.of(desk.ada), desk.of(desk.ben));
    desk.bend(ada, |row| row.minimum = Some(units(100)));
    desk.bend(ben, |row| row.maximum = Some(units(1_900)));
    let over = desk.transfer(901);
    let refusal = desk.send(&desk.clerk.clone(), &over).unwrap_err();
    assert_eq!(refusal.code, "insufficient_funds");
    assert_eq!(refusal.rule.unwrap().remaining.as_deref(), Some("9.00"));
    let over = waiting(desk.transfer(901));
    assert_eq!(desk.code(&over), "insufficient_funds");
    let exact = desk.transfer(900);
    desk.done(&exact);
    assert_eq!((desk.balance(ada), desk.balance(ben)), ((100, 0), (1_900, 0)));
    let more = desk.new_operation(OperationKind::Deposit, desk.external(), ben, 1);
    let refusal = desk.send(&desk.clerk.clone(), &more).unwrap_err();
    assert_eq!(refusal.code, "above_maximum");
    assert_eq!(refusal.rule.unwrap().remaining.as_deref(), Some("0.00"));
    // A minimum below zero is a credit.
    desk.bend(ada, |row| row.minimum = Some(units(-50)));
    desk.bend(ben, |row| row.maximum = None);
    let credit = desk.transfer(151);
    assert_eq!(desk.code(&credit), "insufficient_funds");
    let credit = desk.transfer(150);
    desk.done(&credit);
    assert_eq!(desk.balance(ada), (-50, 0));
}

#[test]
fn nothing_has_more_than_38_digits() {
    let mut desk = Desk::new();
    let (ada, ben, outside) = (desk.of(desk.ada), desk.of(desk.ben), desk.external());
    let most = desk.new_operation(OperationKind::Mint, outside, ben, AMOUNT_MAX - 2_000);
    desk.done(&most);
    assert_eq!(desk.balance(outside), (-AMOUNT_MAX, 0));
    for waits in [true, false] {
        let more = CreateOperation {
            waits,
            ..desk.new_operation(OperationKind::Mint, outside, ada, 1)
        };
        assert_eq!(desk.code(&more), "amount_overflow");
        let most = CreateOperation {
            waits,
            ..desk.new_operation(OperationKind::Mint, outside, ada, AMOUNT_MAX)
        };
        assert_eq!(desk.code(&most), "amount_overflow");
    }
    // The most that there can be may be spent, also from a balance that may go below zero.
    desk.bend(ben, |row| row.minimum = Some(units(-AMOUNT_MAX)));
    let all = desk.new_operation(OperationKind::Transfer, ben, ada, AMOUNT_MAX - 1_000);
    desk.done(&all);
    assert_eq!((desk.balance(ada), desk.balance(ben)), ((AMOUNT_MAX, 0), (0, 0)));
    let more = desk.new_operation(OperationKind::Transfer, ben, ada, 1);
    assert_eq!(desk.code(&more), "amount_overflow");
}

#[test]
fn what_is_reported_of_a_transaction_replaces_what_was_known() {
    let (mut desk, _, id) = standing(OperationKind::Withdrawal, Processing);
    desk.step(id, report()).unwrap();
    let replaced = Step::Report(Report {
        transaction: Transaction {
            tx_hash: Some(OTHER_HASH.to_owned()),
            ..Transaction::default()
        },
    });
    desk.step(id, replaced).unwrap();
    let deposit = |desk: &mut Desk, hash: &str| CreateOperation {
        chain: Some("bitcoin".to_owned()),
        tx_hash: Some(hash.to_owned()),
        ..desk.new_operation(OperationKind::Deposit, desk.external(), desk.of(desk.ada), 1)
    };
    let old = deposit(&mut desk, HASH);
    assert_eq!(desk.code(&old), "done");
    let new = deposit(&mut desk, OTHER_HASH);
    assert_eq!(desk.code(&new), "output_conflict");
}
