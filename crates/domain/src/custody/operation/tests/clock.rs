//! What the clock releases, whether or not the sweeper has run.

use super::*;
use crate::custody::balance::ConfigureBalance;
use crate::custody::operation::steps::{Cancel, Capture, Complete, Release, Start};
use crate::custody::operation::{ExpireOperations, OperationStatus};

fn until(desk: &mut Desk, amount: i128, seconds: i64) -> CreateOperation {
    CreateOperation {
        waits: true,
        expires_at: Some(desk.world.now.plus_seconds(seconds)),
        ..desk.transfer(amount)
    }
}

#[test]
fn a_debit_takes_what_a_hold_that_has_expired_held() {
    let mut desk = Desk::new();
    let ada = desk.of(desk.ada);
    let holds: Vec<Uuid> = [600, 300]
        .into_iter()
        .map(|amount| {
            let hold = until(&mut desk, amount, 60);
            desk.done(&hold).operation.id
        })
        .collect();
    let early = desk.transfer(200);
    assert_eq!(desk.code(&early), "insufficient_funds");
    desk.world.wait(60);
    let step = Step::Capture(Capture {
        id: None,
        amount: None,
    });
    assert_eq!(code(desk.step(holds[0], step)), "operation_expired");
    assert_eq!(
        code(desk.step(holds[0], Step::Release(Release { reason: None }))),
        "operation_expired"
    );
    let all = desk.transfer(1_000);
    let clerk = desk.clerk.clone();
    let decision = desk
        .decide(&clerk, &Command::CreateOperation(Box::new(all)))
        .unwrap();
    assert_eq!(
        actions(&decision.drafts),
        ["operation.expire", "operation.expire", "operation.create"]
    );
    let released: Vec<_> = decision.drafts[..2]
        .iter()
        .map(|draft| draft.target_id.unwrap())
        .collect();
    assert_eq!(released, holds);
    assert_eq!(decision.drafts[0].actor.as_deref(), Some("expiry"));
    assert_eq!(states(decision.reply).len(), 1);
    desk.check();
    assert_eq!(desk.balance(ada), (0, 0));
    for hold in holds {
        let row = &desk.world.facts.operations.get(&hold).unwrap().row;
        assert_eq!(
            (row.status, row.error.as_deref()),
            (OperationStatus::Cancelled, Some("expired"))
        );
    }
    // The id that was refused before the hold expired stays refused.
    assert_eq!(desk.code(&early), "insufficient_funds");
}

#[test]
fn the_sweeper_writes_down_what_the_clock_did() {
    let mut desk = Desk::new();
    let ada = desk.of(desk.ada);
    let hold = until(&mut desk, 100, 60);
    let plain = desk.done(&hold).operation.id;
    let hold = until(&mut desk, 100, 60);
    let captured = desk.done(&hold).operation.id;
    let part = Step::Capture(Capture {
        id: None,
        amount: Some(units(30)),
    });
    desk.step(captured, part).unwrap();
    let debit = ada.id();
    let sweep = Command::ExpireOperations(ExpireOperations {
        operations: vec![(plain, debit), (captured, debit), (plain, debit)],
    });
    let clock = Caller::System { part: "expiry" };
    let early = desk.decide(&clock, &sweep).unwrap();
    assert_eq!(early.drafts, []);
    assert_eq!(desk.balance(ada), (970, 170));
    desk.world.wait(60);
    let late = desk.decide(&clock, &sweep).unwrap();
    assert_eq!(actions(&late.drafts), ["operation.expire", "operation.expire"]);
    desk.check();
    assert_eq!(desk.balance(ada), (970, 0));
    let status = |id| desk.world.facts.operations.get(&id).unwrap().row.status;
    assert_eq!(status(plain), OperationStatus::Cancelled);
    assert_eq!(status(captured), OperationStatus::Completed);
    let clerk = desk.clerk.clone();
    assert_eq!(desk.world.code(&clerk, &sweep), "internal_command");
    assert_eq!(desk.world.code(&clock, &sweep), "nothing");
}

#[test]
fn what_was_started_does_not_expire() {
    let mut desk = Desk::new();
    let withdrawal = CreateOperation {
        expires_at: Some(desk.world.now.plus_seconds(60)),
        ..desk.withdrawal(10)
    };
    let id = desk.done(&withdrawal).operation.id;
    let start = Step::Start(Start {
        transaction: super::super::Transaction::default(),
        approval: None,
    });
    desk.step(id, start).unwrap();
    desk.world.wait(60);
    let next = desk.transfer(991);
    assert_eq!(desk.code(&next), "insufficient_funds");
    let complete = Step::Complete(Complete {
        transaction: super::super::Transaction::default(),
    });
    assert_eq!(
        desk.step(id, complete).unwrap().operation.status,
        OperationStatus::Completed
    );
}

#[test]
pub(crate) fn the_answer_does_not_depend_on_the_sweeper() {
    let mut desk = Desk::new();
    let hold = until(&mut desk, 100, 60);
    let transfer = desk.done(&hold).operation.id;
    let withdrawal = CreateOperation {
        expires_at: Some(desk.world.now.plus_seconds(60)),
        ..desk.withdrawal(10)
    };
    let withdrawal = desk.done(&withdrawal).operation.id;
    desk.world.wait(60);
    for _ in 0..2 {
        let cancel = || Step::Cancel(Cancel { reason: None });
        assert_eq!(
            code(desk.step(transfer, Step::Release(Release { reason: None }))),
            "operation_expired"
        );
        assert_eq!(code(desk.step(transfer, cancel())), "operation_expired");
        assert_eq!(code(desk.step(withdrawal, cancel())), "operation_expired");
        let debit = desk.of(desk.ada).id();
        let sweep = Command::ExpireOperations(ExpireOperations {
            operations: vec![(transfer, debit), (withdrawal, debit)],
        });
        desk.decide(&Caller::System { part: "expiry" }, &sweep).unwrap();
    }
}

#[test]
pub(crate) fn a_balance_is_closed_once_the_clock_has_freed_it() {
    let mut desk = Desk::new();
    let ada = desk.of(desk.ada);
    let hold = until(&mut desk, 100, 60);
    desk.done(&hold);
    let close = Command::ConfigureBalance(ConfigureBalance {
        balance: ada.id(),
        asset: desk.asset,
        version: Some(desk.world.facts.balances[&ada.id()].version),
        minimum: None,
        maximum: None,
        closed: Some(true),
    });
    let root = operator();
    assert_eq!(desk.world.code(&root, &close), "funds_held");
    desk.world.wait(60);
    let decision = desk.decide(&root, &close).unwrap();
    assert_eq!(
        actions(&decision.drafts),
        ["operation.expire", "balance.configure"]
    );
    let Reply::Balance { balance, version } = decision.reply else {
        panic!("{:?}", decision.reply)
    };
    assert_eq!(
        (balance.held, balance.closed_at),
        (Amount::ZERO, Some(desk.world.now))
    );
    assert_eq!(version, desk.world.facts.balances[&ada.id()].version);
    desk.check();
}
