//! The same again: by id, and by the output of a transaction.

use super::*;
use crate::custody::operation::Request;
use crate::custody::operation::steps::Capture;

#[test]
fn the_same_again() {
    let mut desk = Desk::new();
    let transfer = CreateOperation {
        reference: Some("invoice".to_owned()),
        ..desk.transfer(5)
    };
    let first = desk.done(&transfer);
    let clerk = desk.clerk.clone();
    let again = desk.send(&clerk, &transfer).unwrap();
    assert!(again.replayed);
    assert_eq!(again.operation, first.operation);
    let others: &[Spoil] = &[
        ("kind", |command, _| command.kind = OperationKind::Mint),
        ("debit", |command, desk| command.debit = desk.of(desk.cora)),
        ("credit", |command, desk| command.credit = desk.of(desk.cora)),
        ("amount", |command, _| command.amount = units(6)),
        ("pending", |command, _| command.waits = true),
        ("expires_at", |command, desk| {
            command.expires_at = Some(desk.world.now);
        }),
        ("reverses", |command, _| command.reverses = Some(Uuid::nil())),
        ("destination", |command, _| {
            command.destination = Some(Uuid::nil());
        }),
        ("chain", |command, _| command.chain = Some("x".to_owned())),
        ("tx_hash", |command, _| command.tx_hash = Some("x".to_owned())),
        ("output", |command, _| command.output = Some(1)),
        ("reference", |command, _| command.reference = None),
        ("metadata", |command, _| command.metadata = Some("{}".to_owned())),
    ];
    for (field, change) in others {
        let mut other = transfer.clone();
        change(&mut other, &desk);
        let refusal = desk.send(&clerk, &other).unwrap_err();
        assert_eq!(
            (refusal.code, refusal.field.as_deref()),
            ("id_conflict", Some(*field))
        );
    }
    assert_eq!(desk.balance(desk.of(desk.ada)), (995, 0));
}

#[test]
fn one_output_is_one_deposit() {
    let mut desk = Desk::new();
    let deposit = CreateOperation {
        chain: Some("bitcoin".to_owned()),
        tx_hash: Some(HASH.to_owned()),
        output: Some(0),
        confirmations: Some(1),
        ..desk.new_operation(OperationKind::Deposit, desk.external(), desk.of(desk.ada), 7)
    };
    let first = desk.done(&deposit);
    let again = CreateOperation {
        id: Some(desk.id()),
        confirmations: Some(6),
        block: Some(800_000),
        ..deposit.clone()
    };
    let clerk = desk.clerk.clone();
    let state = desk.send(&clerk, &again).unwrap();
    assert_eq!((state.replayed, state.operation.id), (true, first.operation.id));
    let more = CreateOperation {
        amount: units(8),
        ..again.clone()
    };
    let refusal = desk.send(&clerk, &more).unwrap_err();
    assert_eq!(
        (refusal.code, refusal.field.as_deref()),
        ("output_conflict", Some("amount"))
    );
    let next = CreateOperation {
        output: Some(1),
        amount: units(0),
        ..again
    };
    assert_eq!(desk.code(&next), "done");
    assert_eq!(desk.balance(desk.of(desk.ada)), (1_007, 0));
}

/// The key of a request is known by its first operation, whether that was made or refused.
#[test]
fn a_key_is_for_one_request() {
    for (amount, first_answer, again) in [
        (5, "done", "replayed"),
        (5_000, "insufficient_funds", "insufficient_funds"),
    ] {
        let mut desk = Desk::new();
        let command = desk.transfer(amount);
        let with = |digest: u8| CreateOperation {
            request: Some(Request {
                first: command.id.unwrap(),
                digest: [digest; 32],
            }),
            ..command.clone()
        };
        assert_eq!(desk.code(&with(1)), first_answer);
        assert_eq!(desk.code(&with(1)), again);
        assert_eq!(desk.code(&with(2)), "idempotency_key_reused");
        // The second of a list brings the key of the first.
        let second = CreateOperation {
            id: Some(desk.id()),
            ..with(2)
        };
        assert_eq!(desk.code(&second), "idempotency_key_reused");
        let row = desk.world.facts.operations.get(&command.id.unwrap());
        assert_eq!(row.is_some(), amount == 5);
    }
}

/// What somebody else recorded under an id is no operation.
#[test]
fn the_id_of_another_entry_is_taken() {
    let mut desk = Desk::new();
    let entries = &desk.world.facts.entries;
    let other = entries
        .values()
        .find(|entry| entry.action == "operation.create")
        .unwrap()
        .clone();
    let id = desk.id();
    let other = KnownEntry {
        id,
        action: "cat.fed".to_owned(),
        ..other
    };
    desk.world.facts.entries.insert(id, other);
    let transfer = CreateOperation {
        id: Some(id),
        ..desk.transfer(5)
    };
    assert_eq!(desk.code(&transfer), "id_conflict");
    let hold = waiting(desk.transfer(5));
    let hold = desk.done(&hold).operation.id;
    let capture = Step::Capture(Capture {
        id: Some(id),
        amount: None,
    });
    assert_eq!(code(desk.step(hold, capture)), "id_conflict");
}
