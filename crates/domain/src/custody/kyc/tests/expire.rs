use super::*;
use crate::custody::kyc::ExpireKyc;
use crate::identity::world::login;

const YEAR: i64 = 365 * 24 * 3_600;

#[test]
fn what_is_past_its_time_is_recorded_once() {
    let mut office = Office::new();
    let end = office.now.plus_seconds(3_600);
    let record = office.approved(1, Some(end));
    let (rejected, _) = office.submitted(1, 0);
    let (cora, clock) = (office.cora.clone(), login());
    let reject = office.decision(rejected, reject("no documents"));
    assert_eq!(office.code(&cora, &reject), "done");
    let (pending, _) = office.submitted(1, 0);
    let unknown = Uuid::from_u128(0xdead);
    let command = Command::ExpireKyc(ExpireKyc {
        records: vec![pending, record, unknown, record, rejected],
    });
    // A microsecond before its time it is good.
    office.world.now = Timestamp::from_micros(end.micros() - 1_001).unwrap();
    let decision = office.decide(&clock, &command).unwrap();
    assert_eq!((decision.reply, decision.drafts.len()), (Reply::Expired(0), 0));
    assert_eq!(office.record(record).status_at(office.now), KycStatus::Approved);
    office.world.now = Timestamp::from_micros(end.micros() - 1_000).unwrap();
    let decision = office.decide(&clock, &command).unwrap();
    assert_eq!(office.now, end);
    assert_eq!((decision.reply, decision.drafts.len()), (Reply::Expired(1), 1));
    let draft = &decision.drafts[0];
    assert_eq!(draft.action, "kyc.expire");
    assert_eq!(
        (draft.target_kind.as_deref(), draft.target_id),
        (Some("kyc_record"), Some(record))
    );
    assert_eq!((draft.authority.as_str(), draft.actor_id), ("system", None));
    assert_eq!(office.record(record).status, KycStatus::Expired);
    assert_eq!(office.code(&clock, &command), "nothing");
    assert_eq!(office.record(pending).status, KycStatus::Pending);
    assert_eq!(office.record(rejected).status, KycStatus::Rejected);
}

#[test]
fn an_expiry_ends_when_its_time_had_come() {
    let mut office = Office::new();
    let record = office.approved(2, None);
    let end = office.record(record).expires_at.unwrap();
    assert_eq!(end, office.now.plus_seconds(YEAR));
    office.wait(2 * YEAR);
    let command = Command::ExpireKyc(ExpireKyc {
        records: vec![record],
    });
    assert_eq!(office.code(&login(), &command), "done");
    let recorded = office.record(record);
    assert_eq!(recorded.ended_at, Some(end));
    assert_eq!(recorded.decided_by, Some(office.cora_id));
    assert_eq!(recorded.reason, None);
}

#[test]
fn each_expiry_is_an_entry_of_its_own() {
    let mut office = Office::new();
    let first = office.approved(1, None);
    // A second user's record, as like the first as can be.
    let second = Uuid::from_u128(2);
    let mut copy = office.facts.kyc_records[&first].clone();
    (copy.row.id, copy.row.user_id) = (second, office.bob_id);
    office.world.facts.kyc_records.insert(second, copy);
    office.wait(YEAR);
    let command = Command::ExpireKyc(ExpireKyc {
        records: vec![first, second],
    });
    let decision = office.decide(&login(), &command).unwrap();
    let targets: Vec<_> = decision.drafts.iter().map(|draft| draft.target_id).collect();
    assert_eq!(targets, [Some(first), Some(second)]);
    assert_ne!(decision.drafts[0].id, decision.drafts[1].id);
    assert_ne!(decision.drafts[0].salt, decision.drafts[1].salt);
}

#[test]
fn nobody_else_says_that_the_clock_did() {
    let mut office = Office::new();
    let record = office.approved(1, None);
    office.wait(60);
    let command = Command::ExpireKyc(ExpireKyc {
        records: vec![record],
    });
    for caller in [office.root.clone(), office.cora.clone(), office.ann.clone()] {
        assert_eq!(office.code(&caller, &command), "internal_command");
    }
}
