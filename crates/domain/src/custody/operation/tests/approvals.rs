//! Thresholds, and the approvals that they demand.

use super::*;
use crate::custody::operation::{OperationStatus, Transaction};

#[test]
fn above_the_threshold_others_approve() {
    let mut desk = Desk::new();
    desk.threshold(OperationKind::Transfer, "0.10", 2);
    let exact = desk.transfer(10);
    assert_eq!(desk.code(&exact), "done");
    let above = desk.transfer(11);
    let clerk = desk.clerk.clone();
    let refusal = desk.send(&clerk, &above).unwrap_err();
    assert_eq!(refusal.code, "approval_required");
    assert_eq!(refusal.rule.unwrap().limit.as_deref(), Some("0.10"));
    let (cora, dora) = (desk.cora, desk.dora);
    let approval = desk.approval("operation.create", above.arguments(), &[cora, dora]);
    // The id is not refused for good: what was missing is there now.
    let with = |approval| CreateOperation {
        approval: Some(approval),
        ..above.clone()
    };
    let more = CreateOperation {
        amount: units(12),
        ..with(approval)
    };
    assert_eq!(desk.code(&more), "approval_differs");
    let state = desk.done(&with(approval));
    assert_eq!(state.operation.approval_id, Some(approval));
    let used = &desk.world.facts.approvals[&approval].row;
    assert_eq!(used.status, ApprovalStatus::Used);
    assert_eq!(used.used_at, Some(state.operation.created_at));
    assert_eq!(desk.code(&with(approval)), "replayed");
    let twice = CreateOperation {
        id: Some(desk.id()),
        ..with(approval)
    };
    assert_eq!(desk.code(&twice), "approval_not_granted");
    let few = desk.approval("operation.create", above.arguments(), &[cora]);
    let few = CreateOperation {
        id: Some(desk.id()),
        ..with(few)
    };
    assert_eq!(desk.code(&few), "approval_quorum");
}

/// What refuses the movement leaves the approval as it was.
#[test]
fn a_refused_operation_uses_no_approval() {
    let mut desk = Desk::new();
    desk.threshold(OperationKind::Transfer, "0.10", 1);
    let (cora, ada) = (desk.cora, desk.of(desk.ada));
    let much = desk.transfer(2_000);
    let approval = desk.approval("operation.create", much.arguments(), &[cora]);
    let with = CreateOperation {
        approval: Some(approval),
        ..much
    };
    assert_eq!(desk.code(&with), "insufficient_funds");
    assert_eq!(desk.approval_status(approval), ApprovalStatus::Granted);
    let more = desk.new_operation(OperationKind::Deposit, desk.external(), ada, 1_000);
    desk.done(&more);
    let again = CreateOperation {
        id: Some(desk.id()),
        ..with
    };
    assert_eq!(desk.code(&again), "done");
}

/// A withdrawal is approved when it is sent, by whoever sends it.
#[test]
fn a_withdrawal_is_approved_when_it_is_started() {
    let mut desk = Desk::new();
    desk.threshold(OperationKind::Withdrawal, "0.10", 1);
    let start = |approval| Step::Start {
        transaction: Transaction::default(),
        approval,
    };
    let small = desk.withdrawal(10);
    let small = desk.done(&small).operation.id;
    assert_eq!(
        code(desk.step(small, start(Some(Uuid::nil())))),
        "approval_not_needed"
    );
    assert_eq!(code(desk.step(small, start(None))), "done");
    let large = desk.withdrawal(11);
    let large = desk.done(&large).operation.id;
    assert_eq!(code(desk.step(large, start(None))), "approval_required");
    let arguments = desk.command(large, start(None)).arguments();
    let cora = desk.cora;
    let other = desk.approval("operation.create", arguments.clone(), &[cora]);
    assert_eq!(code(desk.step(large, start(Some(other)))), "approval_differs");
    let approval = desk.approval("operation.start", arguments, &[cora]);
    let state = desk.step(large, start(Some(approval))).unwrap();
    assert_eq!(state.operation.status, OperationStatus::Processing);
    assert_eq!(state.operation.approval_id, Some(approval));
    assert_eq!(desk.approval_status(approval), ApprovalStatus::Used);
}

/// Time ends an approval that was granted.
#[test]
fn an_approval_that_has_expired_is_not_used() {
    let mut desk = Desk::new();
    desk.threshold(OperationKind::Transfer, "0.10", 1);
    let transfer = desk.transfer(11);
    let cora = desk.cora;
    let approval = desk.approval("operation.create", transfer.arguments(), &[cora]);
    desk.world.wait(24 * 3_600);
    let clerk = desk.clerk.clone();
    let with = CreateOperation {
        approval: Some(approval),
        ..transfer
    };
    let refusal = desk.send(&clerk, &with).unwrap_err();
    assert_eq!(refusal.code, "approval_not_granted");
    assert!(refusal.message.contains("expired"), "{refusal}");
}
