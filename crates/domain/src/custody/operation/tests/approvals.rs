//! Thresholds, and the approvals that they demand.

use super::*;
use crate::custody::operation::steps::Start;
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
    let start = |approval| {
        Step::Start(Start {
            transaction: Transaction::default(),
            approval,
        })
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

/// What comes of a vote of Cora's on an approval of this, and what of Dora's, who has no part in it.
fn votes(desk: &mut Desk, action: &str, arguments: &str) -> [&'static str; 2] {
    [desk.cora, desk.dora].map(|voter| {
        let approval = desk.approval(action, arguments.to_owned(), &[]);
        let vote = CastVote {
            approval,
            operation: operation_of(&desk.world.facts.approvals[&approval].row),
            approve: true,
            suggested_arguments: None,
            reason: None,
        };
        let session = desk.world.session(voter);
        desk.world.code(&session, &Command::CastVote(vote))
    })
}

#[test]
pub(crate) fn who_is_paid_does_not_vote_on_the_payment() {
    use OperationKind::{Burn, Deposit, Mint, Reversal, Transfer, Withdrawal};
    let mut desk = Desk::new();
    let cora = desk.of(desk.cora);
    let (outside, fees, ada) = (desk.external(), desk.house(House::Fees), desk.of(desk.ada));
    let deposit = desk.new_operation(Deposit, outside, cora, 1_000);
    desk.done(&deposit);
    let paid = ["own_payment", "done"];
    let anybody = ["done", "done"];
    let cases = [
        (Transfer, ada, cora, paid),
        (Transfer, fees, cora, paid),
        (Transfer, cora, ada, anybody),
        (Transfer, ada, fees, anybody),
        (Deposit, outside, cora, paid),
        (Mint, outside, cora, paid),
        (Deposit, outside, ada, anybody),
        (Withdrawal, cora, outside, paid),
        (Burn, cora, outside, paid),
        (Withdrawal, fees, outside, anybody),
        (Reversal, ada, cora, paid),
        (Reversal, cora, ada, anybody),
    ];
    for (kind, debit, credit, expected) in cases {
        let arguments = desk.new_operation(kind, debit, credit, 5).arguments();
        let came = votes(&mut desk, "operation.create", &arguments);
        assert_eq!(came, expected, "{kind:?} {debit:?} {credit:?}");
    }
    // A step of what is there: whom it pays is said by the operation.
    for (debit, credit, expected) in [
        (cora, outside, paid),
        (outside, cora, paid),
        (ada, outside, anybody),
        (cora, ada, anybody),
    ] {
        let new = waiting(desk.new_operation(Burn, debit, credit, 5));
        let kind = match (debit == outside, credit == outside) {
            (true, _) => Deposit,
            (_, true) => Burn,
            _ => Transfer,
        };
        let operation = desk.done(&CreateOperation { kind, ..new }).operation.id;
        for (action, arguments) in [
            ("operation.start", format!(r#"{{"operation":"{operation}"}}"#)),
            (
                "operation.resolve",
                format!(r#"{{"evidence":"e","operation":"{operation}","outcome":"failed"}}"#),
            ),
        ] {
            let came = votes(&mut desk, action, &arguments);
            assert_eq!(came, expected, "{action} {debit:?} {credit:?}");
        }
    }
    // What names no movement of Probity's pays nobody whom it knows.
    for action in ["operation.create", "operation.start", "balance.pay"] {
        let came = votes(&mut desk, action, r#"{"credit":"cora","operation":7}"#);
        assert_eq!(came, anybody, "{action}");
    }
}

/// A vote that does not say which operation it is about could not be checked: it is refused.
#[test]
fn a_vote_that_leaves_the_operation_out_is_not_counted() {
    let mut desk = Desk::new();
    let operation = desk.withdrawal(10);
    let operation = desk.done(&operation).operation.id;
    let arguments = format!(r#"{{"operation":"{operation}"}}"#);
    let approval = desk.approval("operation.start", arguments, &[]);
    let session = desk.world.session(desk.cora);
    for said in [None, Some(Uuid::nil())] {
        let vote = CastVote {
            approval,
            operation: said,
            approve: true,
            suggested_arguments: None,
            reason: None,
        };
        let code = desk.world.code(&session, &Command::CastVote(vote));
        assert_eq!(code, "unknown_approval");
    }
}

#[test]
fn a_reversal_above_the_threshold_needs_an_approval() {
    let mut desk = Desk::new();
    desk.threshold(OperationKind::Reversal, "0.10", 1);
    let ada = desk.of(desk.ada);
    let ben = desk.of(desk.ben);
    for (amount, expected) in [(10, "done"), (11, "approval_required")] {
        let transfer = desk.transfer(amount);
        let original = desk.done(&transfer).operation.id;
        let reversal = CreateOperation {
            reverses: Some(original),
            ..desk.new_operation(OperationKind::Reversal, ben, ada, amount)
        };
        assert_eq!(desk.code(&reversal), expected);
        if expected == "approval_required" {
            let cora = desk.cora;
            let approval = desk.approval("operation.create", reversal.arguments(), &[cora]);
            let approved = CreateOperation {
                approval: Some(approval),
                ..reversal
            };
            assert_eq!(desk.code(&approved), "done");
            assert_eq!(desk.approval_status(approval), ApprovalStatus::Used);
        }
    }
}
