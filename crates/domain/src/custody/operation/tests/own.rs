//! What somebody may do with what is their own, and nobody else's.

use super::*;
use crate::custody::operation::Transaction;
use crate::custody::operation::steps::{Cancel, Capture, Fail, Release, Report, Start};

#[test]
fn new_operations() {
    use OperationKind::{Burn, Deposit, Mint, Transfer, Withdrawal};
    let mut desk = Desk::new();
    let ada = desk.world.key("ada", &[Scope::Custody]);
    let (mine, bens, outside) = (desk.of(desk.ada), desk.of(desk.ben), desk.external());
    let fees = desk.house(House::Fees);
    let cases = [
        (Transfer, mine, bens, "done"),
        (Transfer, mine, fees, "done"),
        (Withdrawal, mine, outside, "done"),
        (Transfer, bens, mine, "permission_missing"),
        (Transfer, fees, mine, "permission_missing"),
        (Withdrawal, bens, outside, "permission_missing"),
        (Deposit, outside, mine, "permission_missing"),
        (Mint, outside, mine, "permission_missing"),
        (Burn, mine, outside, "permission_missing"),
    ];
    for (kind, debit, credit, expected) in cases {
        let destination = (kind == Withdrawal).then(|| desk.destination(0));
        let command = CreateOperation {
            destination,
            waits: kind == Withdrawal,
            ..desk.new_operation(kind, debit, credit, 5)
        };
        assert_eq!(code(desk.send(&ada, &command)), expected, "{kind:?}");
    }
    // What a chain did is not for the user to say.
    let reported = CreateOperation {
        chain: Some("bitcoin".to_owned()),
        tx_hash: Some(HASH.to_owned()),
        ..desk.transfer(5)
    };
    assert_eq!(code(desk.send(&ada, &reported)), "permission_missing");
    let reader = desk.world.key("ada", &[Scope::Read]);
    let transfer = desk.transfer(5);
    assert_eq!(code(desk.send(&reader, &transfer)), "scope_missing");
    desk.check();
}

#[test]
fn steps() {
    let capture = Step::Capture(Capture {
        id: None,
        amount: None,
    });
    let cancel = Step::Cancel(Cancel { reason: None });
    let start = Step::Start(Start {
        transaction: Transaction::default(),
        approval: None,
    });
    let fail = Step::Fail(Fail {
        error: "no".to_owned(),
    });
    let report = Step::Report(Report {
        transaction: Transaction::default(),
    });
    let cases = [
        (false, capture, "done"),
        (false, Step::Release(Release { reason: None }), "done"),
        (true, cancel, "done"),
        (true, start, "permission_missing"),
        (true, fail, "permission_missing"),
        (true, report, "permission_missing"),
    ];
    for (withdrawal, step, expected) in cases {
        let mut desk = Desk::new();
        let (ada, ben) = (
            desk.world.key("ada", &[Scope::Custody]),
            desk.world.key("ben", &[Scope::Custody]),
        );
        let command = if withdrawal {
            desk.withdrawal(10)
        } else {
            waiting(desk.transfer(10))
        };
        let operation = desk.send(&ada, &command).unwrap().operation.id;
        let command = desk.command(operation, step);
        assert_eq!(code(desk.take(&ben, command.clone())), "permission_missing");
        assert_eq!(code(desk.take(&ada, command)), expected);
        desk.check();
    }
}
