//! Operations that stand or fall together.

use super::*;
use crate::custody::operation::CreateLinked;

fn send(desk: &mut Desk, commands: &[CreateOperation]) -> Result<Decision, Refusal> {
    let clerk = desk.clerk.clone();
    desk.decide(
        &clerk,
        &Command::CreateLinked(CreateLinked {
            operations: commands.to_vec(),
        }),
    )
}

fn chain(desk: &mut Desk, second: i128) -> Vec<CreateOperation> {
    let (ada, ben) = (desk.of(desk.ada), desk.of(desk.ben));
    vec![
        desk.transfer(1_000),
        // Ben has it from the first.
        desk.new_operation(OperationKind::Transfer, ben, ada, second),
        desk.new_operation(OperationKind::Transfer, ada, desk.house(House::Fees), 10),
    ]
}

#[test]
fn each_sees_what_those_before_it_did() {
    let mut desk = Desk::new();
    let commands = chain(&mut desk, 2_000);
    let decision = send(&mut desk, &commands).unwrap();
    assert_eq!(actions(&decision.drafts), ["operation.create"; 3]);
    let first = commands[0].id;
    let links: Vec<_> = states(decision.reply)
        .iter()
        .map(|state| state.operation.link_id)
        .collect();
    assert_eq!(links, [None, first, first]);
    desk.check();
    assert_eq!(desk.balance(desk.of(desk.ada)), (1_990, 0));
    let again = send(&mut desk, &commands).unwrap();
    assert_eq!(again.drafts, []);
    assert!(states(again.reply).iter().all(|state| state.replayed));
}

#[test]
fn all_or_none() {
    let mut desk = Desk::new();
    let before = desk.world.facts.balances.clone();
    let commands = chain(&mut desk, 2_001);
    let refusal = send(&mut desk, &commands).unwrap_err();
    assert_eq!((refusal.code, refusal.position), ("insufficient_funds", Some(1)));
    assert_eq!(refusal.field.as_deref(), Some("[1].amount"));
    assert_eq!(desk.world.facts.balances, before);
    // The id that was refused stays refused, in a list and alone; the others were not decided.
    let more = desk.new_operation(OperationKind::Deposit, desk.external(), desk.of(desk.ben), 50);
    desk.done(&more);
    let again = send(&mut desk, &commands).unwrap_err();
    assert_eq!((again.code, &again.message), (refusal.code, &refusal.message));
    assert_eq!(
        (again.field.as_deref(), again.position),
        (Some("[1].amount"), Some(1))
    );
    let clerk = desk.clerk.clone();
    let alone = desk.send(&clerk, &commands[1]).unwrap_err();
    assert_eq!(alone.field.as_deref(), Some("amount"));
    assert_eq!(desk.code(&commands[0]), "done");
}

#[test]
fn an_approval_is_good_for_one_of_them() {
    let mut desk = Desk::new();
    desk.threshold(OperationKind::Transfer, "0.04", 1);
    let transfer = desk.transfer(5);
    let cora = desk.cora;
    let approval = desk.approval("operation.create", transfer.arguments(), &[cora]);
    let commands = [0, 1].map(|_| CreateOperation {
        approval: Some(approval),
        ..desk.transfer(5)
    });
    let refusal = send(&mut desk, &commands).unwrap_err();
    assert_eq!(
        (refusal.code, refusal.position),
        ("approval_not_granted", Some(1))
    );
    assert_eq!(desk.approval_status(approval), ApprovalStatus::Granted);
    send(&mut desk, &commands[..1]).unwrap();
    assert_eq!(desk.approval_status(approval), ApprovalStatus::Used);
}
