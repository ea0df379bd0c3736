//! What tiers allow, with windows at their edge.

use evidence::time::Timestamp;

use super::*;
use crate::custody::operation::Transaction;
use crate::custody::operation::steps::{Capture, Complete, Release, Start};

#[test]
fn a_limit_at_its_edge() {
    let mut desk = Desk::new();
    desk.limit(0, OperationKind::Transfer, "1.00");
    let first = desk.transfer(60);
    let created = desk.done(&first).operation.created_at;
    let over = desk.transfer(41);
    let clerk = desk.clerk.clone();
    let refusal = desk.send(&clerk, &over).unwrap_err();
    assert_eq!(refusal.code, "tier_limit");
    let rule = refusal.rule.unwrap();
    assert_eq!(
        (rule.limit.as_deref(), rule.remaining.as_deref()),
        (Some("1.00"), Some("0.40"))
    );
    assert_eq!(
        rule.rule,
        "tier 0: at most 1.00 EUR in operations of kind transfer within 1 hour"
    );
    let exact = desk.transfer(40);
    desk.done(&exact);
    // The first leaves the window once it is an hour old, not a moment before; the clock goes on by a
    // millisecond before a command is decided.
    let old = |micros: i64| Timestamp::from_micros(created.plus_seconds(3_600).micros() + micros).unwrap();
    desk.world.now = old(-1_001);
    let early = desk.transfer(60);
    assert_eq!(desk.code(&early), "tier_limit");
    desk.world.now = old(-1_000);
    let late = desk.transfer(60);
    assert_eq!(desk.code(&late), "done");
}

#[test]
fn what_did_not_happen_does_not_count() {
    let mut desk = Desk::new();
    desk.limit(0, OperationKind::Transfer, "1.00");
    let hold = waiting(desk.transfer(100));
    let id = desk.done(&hold).operation.id;
    let next = desk.transfer(1);
    assert_eq!(desk.code(&next), "tier_limit");
    let part = Step::Capture(Capture {
        id: None,
        amount: Some(units(30)),
    });
    desk.step(id, part).unwrap();
    let next = desk.transfer(1);
    assert_eq!(desk.code(&next), "tier_limit");
    desk.step(id, Step::Release(Release { reason: None })).unwrap();
    let next = desk.transfer(71);
    assert_eq!(desk.code(&next), "tier_limit");
    let next = desk.transfer(70);
    assert_eq!(desk.code(&next), "done");
}

/// A hold that has expired does not count either, also where nobody has written that down.
#[test]
fn what_has_expired_does_not_count() {
    use OperationKind::{Deposit, Transfer};
    for kind in [Transfer, Deposit] {
        let mut desk = Desk::new();
        desk.limit(0, kind, "1.00");
        let (debit, credit) = match kind {
            Deposit => (desk.external(), desk.of(desk.ada)),
            _ => (desk.of(desk.ada), desk.of(desk.ben)),
        };
        let hold = CreateOperation {
            waits: true,
            expires_at: Some(desk.world.now.plus_seconds(60)),
            ..desk.new_operation(kind, debit, credit, 100)
        };
        desk.done(&hold);
        let next = desk.new_operation(kind, debit, credit, 100);
        assert_eq!(desk.code(&next), "tier_limit", "{kind:?}");
        desk.world.wait(60);
        let next = desk.new_operation(kind, debit, credit, 100);
        assert_eq!(desk.code(&next), "done", "{kind:?}");
    }
}

#[test]
fn whose_limit_it_is() {
    use OperationKind::{Burn, Deposit, Mint, Transfer, Withdrawal};
    for kind in [Deposit, Mint, Transfer, Burn, Withdrawal] {
        let mut desk = Desk::new();
        desk.limit(0, kind, "0.10");
        desk.limit(1, kind, "0.20");
        let (ada, ben, outside) = (desk.of(desk.ada), desk.of(desk.ben), desk.external());
        let (debit, credit) = match kind {
            Deposit | Mint => (outside, ada),
            Transfer => (ada, ben),
            _ => (ada, outside),
        };
        let make = |desk: &mut Desk, amount| match kind {
            Withdrawal => desk.withdrawal(amount),
            _ => desk.new_operation(kind, debit, credit, amount),
        };
        let over = make(&mut desk, 11);
        assert_eq!(desk.code(&over), "tier_limit", "{kind:?}");
        let exact = make(&mut desk, 10);
        let state = desk.done(&exact);
        assert_eq!(state.operation.limited_id, Some(ada.id()), "{kind:?}");
        // A higher tier allows more; what was used stays used.
        desk.tier(1, 600);
        let over = make(&mut desk, 11);
        assert_eq!(desk.code(&over), "tier_limit", "{kind:?}");
        let exact = make(&mut desk, 10);
        assert_eq!(desk.code(&exact), "done", "{kind:?}");
        // A tier without a limit has none.
        desk.tier(2, 60);
        let much = make(&mut desk, 500);
        assert_eq!(desk.code(&much), "done", "{kind:?}");
        // Then the tier is the one before again: none.
        desk.world.wait(60);
        let more = make(&mut desk, 1);
        assert_eq!(desk.code(&more), "tier_limit", "{kind:?}");
    }
}

/// What is in flight waits once the tier under which it began is no longer good; what was sent does not.
#[test]
fn a_tier_that_has_expired_holds_up_what_is_in_flight() {
    let start = || {
        Step::Start(Start {
            transaction: Transaction::default(),
            approval: None,
        })
    };
    let mut desk = Desk::new();
    desk.tier(1, 60);
    let sent = desk.withdrawal(10);
    let sent = desk.done(&sent).operation.id;
    desk.step(sent, start()).unwrap();
    let waiting = desk.withdrawal(10);
    let waiting = desk.done(&waiting).operation.id;
    desk.world.wait(60);
    let refusal = desk.step(waiting, start()).unwrap_err();
    assert_eq!(refusal.code, "kyc_expired");
    assert_eq!(
        code(desk.step(
            sent,
            Step::Complete(Complete {
                transaction: Transaction::default()
            })
        )),
        "done"
    );
    // Nothing is in the way of giving it up, nor of going on under a new approval.
    desk.tier(1, 60);
    assert_eq!(code(desk.step(waiting, start())), "done");
}

#[test]
fn lengths_of_time_in_words() {
    let cases = [
        (1, "1 second"),
        (90, "90 seconds"),
        (60, "1 minute"),
        (3_600, "1 hour"),
        (24 * 3_600, "24 hours"),
        (30 * 86_400, "30 days"),
    ];
    for (seconds, expected) in cases {
        assert_eq!(super::super::limits::duration(seconds), expected);
    }
}
