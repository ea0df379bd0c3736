//! What each step is refused with, beside what the tests of its own show.

use super::kinds::{cancel, capture, complete, fail, mark_unknown, report, resolve, standing, start};
use super::*;
use crate::custody::operation::steps::{Cancel, Fail, MarkUnknown, Release, Report, Resolve};
use crate::custody::operation::{Operation, OperationStatus, Transaction};

fn release() -> Step {
    Step::Release(Release { reason: None })
}

fn bend(desk: &mut Desk, id: Uuid, change: impl FnOnce(&mut Operation)) {
    let mut sealed = desk.world.facts.operations.get(&id).unwrap().clone();
    change(&mut sealed.row);
    desk.world.facts.operations.insert(id, sealed);
}

fn by_clerk(desk: &mut Desk, command: StepOperation<Step>) -> &'static str {
    let clerk = desk.clerk.clone();
    code(desk.take(&clerk, command))
}

#[test]
pub(crate) fn every_step_of_what_is_not_there_was_changed_or_has_expired() {
    let steps = [
        report(),
        start(),
        complete(),
        fail(),
        cancel(),
        mark_unknown(),
        resolve(true, None),
        capture(1),
        release(),
    ];
    for step in steps {
        let (mut desk, _, id) = standing(OperationKind::Withdrawal, OperationStatus::Pending);
        let command = desk.command(id, step);
        let elsewhere = StepOperation {
            operation: Uuid::from_u128(0xdead),
            ..command.clone()
        };
        assert_eq!(by_clerk(&mut desk, elsewhere), "unknown_operation");
        let earlier = StepOperation {
            version: Some(9),
            ..command.clone()
        };
        assert_eq!(by_clerk(&mut desk, earlier), "version_mismatch");
        let now = desk.world.now;
        bend(&mut desk, id, |row| row.expires_at = Some(now));
        assert_eq!(by_clerk(&mut desk, command), "operation_expired");
    }
}

#[test]
pub(crate) fn every_text_of_a_step_has_bounds() {
    let empty = String::new;
    let steps = [
        Step::Report(Report {
            transaction: Transaction {
                chain: Some("Bitcoin".to_owned()),
                ..Transaction::default()
            },
        }),
        Step::Fail(Fail { error: empty() }),
        Step::Cancel(Cancel {
            reason: Some(empty()),
        }),
        Step::Release(Release {
            reason: Some(empty()),
        }),
        Step::MarkUnknown(MarkUnknown { error: empty() }),
        Step::Resolve(Resolve {
            completed: true,
            evidence: empty(),
            transaction: Transaction::default(),
            approval: None,
        }),
    ];
    for step in steps {
        let (mut desk, _, id) = standing(OperationKind::Withdrawal, OperationStatus::Pending);
        assert_eq!(code(desk.step(id, step)), "invalid_field");
    }
}

#[test]
pub(crate) fn a_transfer_does_not_end_in_the_unknown() {
    let (mut desk, _, id) = standing(OperationKind::Withdrawal, OperationStatus::Processing);
    bend(&mut desk, id, |row| row.captured = Some(Amount::ZERO));
    let command = desk.command(id, mark_unknown());
    assert_eq!(by_clerk(&mut desk, command), "wrong_kind");
}

/// An operation of unknown fate, and the approval with which it may be resolved.
fn approved(voters: usize) -> (Desk, Uuid, Uuid) {
    let (mut desk, _, id) = standing(OperationKind::Withdrawal, OperationStatus::Unknown);
    let arguments = desk.command(id, resolve(true, None)).arguments();
    let voters = [desk.cora, desk.dora][..voters].to_vec();
    let approval = desk.approval("operation.resolve", arguments, &voters);
    (desk, id, approval)
}

#[test]
pub(crate) fn a_resolution_needs_an_approval_that_is_there_granted_and_ones_own() {
    let (mut desk, id, waiting) = approved(0);
    let with = |desk: &mut Desk, approval| code(desk.step(id, resolve(true, Some(approval))));
    assert_eq!(with(&mut desk, Uuid::from_u128(0xdead)), "unknown_approval");
    assert_eq!(with(&mut desk, waiting), "approval_not_granted");
    let (ada, cora) = (desk.world.key("ada", &[Scope::Custody]), desk.cora);
    let arguments = desk.command(id, resolve(true, None)).arguments();
    let others = desk.approval_of(&ada, "operation.resolve", arguments, &[cora]);
    assert_eq!(with(&mut desk, others), "approval_not_own");
    // Granted, but without the votes that granted it.
    let (mut desk, id, granted) = approved(1);
    desk.world.facts.votes.clear();
    let granted = desk.step(id, resolve(true, Some(granted)));
    assert_eq!(code(granted), "approval_quorum");
}

#[test]
pub(crate) fn a_resolution_moves_what_can_be_moved() {
    type Spoil = fn(&mut Desk, Account);
    let cases: [(&str, Spoil); 3] = [
        ("credit_closed", |desk, credit| {
            let now = desk.world.now;
            desk.bend(credit, |row| row.closed_at = Some(now));
        }),
        ("above_maximum", |desk, credit| {
            desk.bend(credit, |row| row.maximum = Some(row.posted));
        }),
        ("amount_overflow", |desk, credit| desk.bend(credit, full)),
    ];
    for (expected, spoil) in cases {
        let (mut desk, id, approval) = approved(1);
        let command = desk.command(id, resolve(true, Some(approval)));
        spoil(&mut desk, command.credit);
        assert_eq!(by_clerk(&mut desk, command), expected);
    }
}

#[test]
pub(crate) fn a_resolution_names_no_output_of_another() {
    let (mut desk, id, approval) = approved(1);
    let on_chain = Transaction {
        chain: Some("bitcoin".to_owned()),
        tx_hash: Some(HASH.to_owned()),
        output: Some(0),
        ..Transaction::default()
    };
    let other = Operation {
        id: desk.id(),
        status: OperationStatus::Completed,
        chain: on_chain.chain.clone(),
        tx_hash: on_chain.tx_hash.clone(),
        output: on_chain.output,
        ..desk.world.facts.operations.get(&id).unwrap().row.clone()
    };
    desk.world.facts.operations.insert(other.id, sealed(other));
    let step = Step::Resolve(Resolve {
        completed: true,
        evidence: "the chain".to_owned(),
        transaction: on_chain,
        approval: Some(approval),
    });
    let command = desk.command(id, step);
    assert_eq!(by_clerk(&mut desk, command), "output_conflict");
}
