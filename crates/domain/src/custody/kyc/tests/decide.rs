use super::*;
use crate::identity::{Permission, Scope};
use crate::looks::{self, Needs};
use crate::refusal::RefusalKind;

#[test]
pub(crate) fn only_a_person_decides_and_about_others() {
    let mut office = Office::new();
    let (root, cora, carl, ann) = (
        office.root.clone(),
        office.cora.clone(),
        office.carl.clone(),
        office.ann.clone(),
    );
    let key = office.key("cora", &[Scope::Admin]);
    let read_key = office.key("cora", &[Scope::Read]);
    let (record, _) = office.submitted(0, 0);
    let of_cora = office.submitted_by(&root, office.cora_id, 0, 0).0;
    let about = |record, user, decision: &Kind| {
        decide(&DecideKyc {
            record,
            user,
            version: Some(77),
            decision: decision.clone(),
        })
    };
    let (ann_id, cora_id) = (office.ann_id, office.cora_id);
    for decision in [approve(), reject("no"), revoke("no")] {
        let cases = [
            (&ann, about(record, ann_id, &decision), "permission_missing"),
            (&read_key, about(record, ann_id, &decision), "scope_missing"),
            (&key, about(record, ann_id, &decision), "session_needed"),
            (&operator(), about(record, ann_id, &decision), "session_needed"),
            (&root, about(of_cora, cora_id, &decision), "own_submission"),
            (&cora, about(of_cora, cora_id, &decision), "own_record"),
            // Who may decide learns that it has changed.
            (&carl, about(of_cora, cora_id, &decision), "version_mismatch"),
            (&cora, about(record, ann_id, &decision), "version_mismatch"),
        ];
        for (number, (caller, command, expected)) in cases.iter().enumerate() {
            match office.run(caller, command) {
                Ok(reply) => panic!("{reply:?}"),
                Err(refusal) => {
                    assert_eq!(refusal.code, *expected, "{decision:?} {number}");
                    let own = expected.starts_with("own_");
                    assert_eq!(refusal.rule.is_some(), own, "{decision:?} {number}");
                    if own {
                        assert_eq!(refusal.kind, RefusalKind::Forbidden);
                    }
                }
            }
        }
    }
}

/// A reviewer who may submit for others cannot have the last word on that, however it was submitted.
#[test]
fn a_submission_with_a_key_is_its_owners() {
    let mut office = Office::new();
    let key = office.key("root", &[Scope::Custody]);
    let root = office.root.clone();
    let record = office.submitted_by(&key, office.ann_id, 0, 0).0;
    let approve = office.decision(record, approve());
    assert_eq!(office.code(&root, &approve), "own_submission");
}

/// A session that must do something else first decides nothing.
#[test]
fn a_session_decides_in_full() {
    let mut office = Office::new();
    let (cora, (record, _)) = (office.cora.clone(), office.submitted(0, 0));
    let role = office.facts.users[&office.cora_id].row.role.clone();
    office.world = std::mem::replace(&mut office.world, World::new())
        .with(|rules| rules.require_second_factor(&role, true).unwrap());
    assert!(!office.who(&cora).holds(Permission::KycReview));
    let approve = office.decision(record, approve());
    assert_eq!(office.code(&cora, &approve), "second_factor_required");
}

#[test]
pub(crate) fn bounds_of_decisions() {
    let mut office = Office::new();
    let cora = office.cora.clone();
    let until = |micros: i64, office: &Office| {
        let base = office.next().micros();
        let expires_at = Timestamp::from_micros(base + micros);
        assert!(expires_at.is_some());
        Kind::Approve(Approve { expires_at })
    };
    let ten_years = EXPIRY_S_MAX * 1_000_000;
    let longest = "é".repeat(REASON_LEN_MAX);
    for (micros, code) in [
        (0, "invalid_field"),
        (-1, "invalid_field"),
        (ten_years + 1, "invalid_field"),
        (1, "done"),
        (ten_years, "done"),
    ] {
        let (record, _) = office.submitted(0, 0);
        let command = office.decision(record, until(micros, &office));
        let field = (code == "invalid_field").then_some("expires_at");
        assert_eq!(
            outcome(&mut office, &cora, &command),
            said(code, field),
            "{micros}"
        );
        let reject = office.decision(record, reject(&longest));
        let expected = if code == "done" { "wrong_status" } else { "done" };
        assert_eq!(office.code(&cora, &reject), expected, "{micros}");
    }
    let (record, _) = office.submitted(0, 0);
    for reason in ["", "a\tb", &format!("{longest}é")] {
        for decision in [reject(reason), revoke(reason)] {
            // Before the record is looked for.
            for record in [record, Uuid::from_u128(0xdead)] {
                let command = office.decision(record, decision.clone());
                let expected = said("invalid_field", Some("reason"));
                assert_eq!(outcome(&mut office, &cora, &command), expected, "{decision:?}");
            }
        }
    }
    let unknown = office.decision(Uuid::from_u128(0xdead), approve());
    let expected = said("unknown_kyc_record", Some("id"));
    assert_eq!(outcome(&mut office, &cora, &unknown), expected);
    let of_another = decide(&DecideKyc {
        record,
        user: office.bob_id,
        version: None,
        decision: approve(),
    });
    assert_eq!(outcome(&mut office, &cora, &of_another), expected);
}

#[test]
fn ten_years_from_any_day_are_in_bounds() {
    for (from, to) in [
        ("2026-11-21T08:30:00Z", "2036-11-21T08:30:00Z"),
        ("2027-03-01T00:00:00Z", "2037-03-01T00:00:00Z"),
        ("2028-02-28T00:00:00Z", "2038-02-28T00:00:00Z"),
    ] {
        let (from, to): (Timestamp, Timestamp) = (from.parse().unwrap(), to.parse().unwrap());
        let spare = from.plus_seconds(EXPIRY_S_MAX).micros() - to.micros();
        assert!((0..=24 * 3_600 * 1_000_000).contains(&spare), "{from}: {spare}");
    }
}

/// A state, how a record comes to it, and what each decision does to it.
type State = (&'static str, fn(&mut Office) -> Uuid, [&'static str; 5]);

#[test]
pub(crate) fn decisions_and_states() {
    let decisions = [
        approve(),
        reject("why"),
        revoke("why"),
        reject("else"),
        revoke("else"),
    ];
    let no = "wrong_status";
    let cases: [State; 6] = [
        (
            "pending",
            |office| office.submitted(0, 0).0,
            ["done", "done", no, "done", no],
        ),
        (
            "approved",
            |office| office.approved(1, None),
            ["nothing", no, "done", no, "done"],
        ),
        (
            "past its time",
            |office| {
                let record = office.approved(1, Some(office.now.plus_seconds(60)));
                office.wait(60);
                record
            },
            [no, no, no, no, no],
        ),
        (
            "rejected",
            |office| {
                let (record, _) = office.submitted(0, 0);
                let (cora, command) = (office.cora.clone(), office.decision(record, reject("why")));
                assert_eq!(office.code(&cora, &command), "done");
                record
            },
            [no, "nothing", no, no, no],
        ),
        (
            "revoked",
            |office| {
                let record = office.approved(1, None);
                let (cora, command) = (office.cora.clone(), office.decision(record, revoke("why")));
                assert_eq!(office.code(&cora, &command), "done");
                record
            },
            [no, no, "nothing", no, no],
        ),
        (
            "replaced",
            |office| {
                let record = office.approved(1, None);
                office.approved(2, None);
                record
            },
            [no, no, no, no, no],
        ),
    ];
    for (what, make, expected) in cases {
        for (decision, code) in decisions.iter().zip(expected) {
            let mut office = Office::new();
            let record = make(&mut office);
            let before = office.facts.kyc_records[&record].clone();
            let (carl, command) = (office.carl.clone(), office.decision(record, decision.clone()));
            assert_eq!(office.code(&carl, &command), code, "{what} {decision:?}");
            let after = &office.facts.kyc_records[&record];
            let written = u64::from(code == "done");
            assert_eq!(after.version, before.version + written, "{what} {decision:?}");
            if code != "done" {
                assert_eq!(after, &before, "{what} {decision:?}");
            }
        }
    }
}

/// An approval is the same again with the same end, or without one.
#[test]
fn the_same_approval_again() {
    let mut office = Office::new();
    let end = office.now.plus_seconds(3_600);
    let record = office.approved(1, Some(end));
    let (cora, version) = (office.cora.clone(), office.facts.kyc_records[&record].version);
    let cases = [
        (None, "nothing"),
        (Some(end), "nothing"),
        (Some(end.plus_seconds(1)), "wrong_status"),
    ];
    for (expires_at, expected) in cases {
        let command = office.decision(record, Kind::Approve(Approve { expires_at }));
        assert_eq!(office.code(&cora, &command), expected, "{expires_at:?}");
    }
    for (version, expected) in [(version, "nothing"), (version - 1, "version_mismatch")] {
        let command = decide(&DecideKyc {
            record,
            user: office.ann_id,
            version: Some(version),
            decision: approve(),
        });
        assert_eq!(office.code(&cora, &command), expected);
    }
}

#[test]
pub(crate) fn a_tier_needs_verified_documents() {
    let cases = [
        (0, "", "done", ""),
        (0, "?x", "done", ""),
        (
            1,
            "",
            "documents_unverified",
            "there are 0, of which 0 are pending and 0 rejected",
        ),
        (
            2,
            "?",
            "documents_unverified",
            "there are 1, of which 1 are pending and 0 rejected",
        ),
        (
            1,
            "vx",
            "documents_unverified",
            "there are 2, of which 0 are pending and 1 rejected",
        ),
        (
            2,
            "v?x?",
            "documents_unverified",
            "there are 4, of which 2 are pending and 1 rejected",
        ),
        (1, "v", "done", ""),
        (2, "vvv", "done", ""),
    ];
    for (tier, states, expected, message) in cases {
        let mut office = Office::new();
        let count = u64::try_from(states.len()).unwrap();
        let (record, documents) = office.submitted(tier, count);
        let cora = office.cora.clone();
        for (document, state) in documents.into_iter().zip(states.chars()) {
            match state {
                'v' => drop(office.run(&cora, &verify(record, document)).unwrap()),
                'x' => drop(office.run(&cora, &find_fault(record, document, "bad")).unwrap()),
                _ => {}
            }
        }
        let command = office.decision(record, approve());
        match office.run(&cora, &command) {
            Ok(_) => assert_eq!(expected, "done", "{tier} {states}"),
            Err(refusal) => {
                assert_eq!(refusal.code, expected, "{tier} {states}");
                assert_eq!(refusal.kind, RefusalKind::Conflict);
                assert!(refusal.message.ends_with(message), "{tier} {states}: {refusal}");
                assert!(refusal.rule.is_some());
                // It can be rejected all the same.
                let command = office.decision(record, reject("bad"));
                assert_eq!(office.code(&cora, &command), "done");
            }
        }
    }
}

#[test]
fn what_a_decision_writes() {
    let mut office = Office::new();
    let (cora, carl) = (office.cora.clone(), office.carl.clone());
    let first = office.approved(1, None);
    let year = office.facts.rules.custody.kyc_s;
    let approved = office.record(first).clone();
    assert_eq!(approved.status, KycStatus::Approved);
    assert_eq!(approved.expires_at, Some(office.now.plus_seconds(year)));
    assert_eq!(
        (approved.decided_by, approved.decided_at),
        (Some(office.cora_id), Some(office.now))
    );
    assert_eq!((approved.reason, approved.ended_at), (None, None));
    // The next one takes its place, in one entry.
    let (second, _) = office.submitted(0, 0);
    let command = office.decision(second, approve());
    let decision = office.decide(&carl, &command).unwrap();
    let draft = &decision.drafts[0];
    assert_eq!((decision.drafts.len(), draft.writes.len()), (1, 2));
    assert_eq!(
        (draft.action.as_ref(), draft.target_id),
        ("kyc.approve", Some(second))
    );
    assert_eq!(draft.authority, "role:compliance kyc:review");
    let replaced = office.record(first);
    assert_eq!(
        (replaced.status, replaced.reason.as_deref(), replaced.ended_at),
        (KycStatus::Revoked, Some("replaced"), Some(office.now))
    );
    assert_eq!(replaced.decided_by, Some(office.cora_id));
    let (answer, version, _) = kyc(Ok(decision.reply));
    assert_eq!((&answer, version), (office.record(second), 2));
    // Revoking says when it ended, and leaves who approved it.
    let command = office.decision(second, revoke("mistaken"));
    let decision = office.decide(&cora, &command).unwrap();
    assert_eq!(decision.drafts[0].action, "kyc.revoke");
    let (revoked, version, _) = kyc(Ok(decision.reply));
    let expected = KycRecord {
        status: KycStatus::Revoked,
        reason: Some("mistaken".to_owned()),
        ended_at: Some(office.now),
        ..answer
    };
    assert_eq!((revoked, version), (expected, 3));
    let (third, _) = office.submitted(0, 0);
    let command = office.decision(third, reject("blurred"));
    let decision = office.decide(&cora, &command).unwrap();
    assert_eq!(decision.drafts[0].action, "kyc.reject");
    let rejected = office.record(third);
    assert_eq!(
        (rejected.status, rejected.decided_at, rejected.ended_at),
        (KycStatus::Rejected, Some(office.now), None)
    );
    assert_eq!(rejected.reason.as_deref(), Some("blurred"));
}

/// One that the clock ended is recorded as expired, not as replaced, by whoever comes first.
#[test]
fn an_approval_records_what_expired_before_it() {
    let mut office = Office::new();
    let end = office.now.plus_seconds(60);
    let earlier = office.approved(2, Some(end));
    office.wait(600);
    let (later, _) = office.submitted(0, 0);
    let (cora, command) = (office.cora.clone(), office.decision(later, approve()));
    let decision = office.decide(&cora, &command).unwrap();
    let entries: Vec<_> = decision
        .drafts
        .iter()
        .map(|draft| (draft.action.as_ref(), draft.target_id, draft.authority.as_str()))
        .collect();
    let expected = [
        ("kyc.expire", Some(earlier), "system"),
        ("kyc.approve", Some(later), "role:compliance kyc:review"),
    ];
    assert_eq!(entries, expected);
    assert_ne!(decision.drafts[0].id, decision.drafts[1].id);
    let ended = office.record(earlier);
    assert_eq!((ended.status, ended.ended_at), (KycStatus::Expired, Some(end)));
    assert_eq!(ended.reason, None);
}

/// Approvals of one user leave those of another alone.
#[test]
fn only_ones_own_approvals_are_replaced() {
    let mut office = Office::new();
    let (root, cora) = (office.root.clone(), office.cora.clone());
    let of_ann = office.approved(1, None);
    let of_bob = office.submitted_by(&root, office.bob_id, 0, 0).0;
    let command = decide(&DecideKyc {
        record: of_bob,
        user: office.bob_id,
        version: Some(1),
        decision: approve(),
    });
    assert_eq!(office.code(&cora, &command), "done");
    assert_eq!(office.record(of_ann).status, KycStatus::Approved);
    assert_eq!(tier_of(&office.facts, office.bob_id, office.now), 0);
    assert_eq!(tier_of(&office.facts, office.ann_id, office.now), 1);
}

/// A record is loaded whatever became of it: what was rejected is not among those of the user.
#[test]
fn a_decision_needs_its_record_and_the_others_of_the_user() {
    let (office, record) = (Office::new(), Uuid::from_u128(1));
    let mut needs = Needs::default();
    let command = office.decision(record, approve());
    command.needs(&office.cora, &office.facts.rules, &mut needs);
    assert!(needs.has(&looks::KYC_RECORD, record));
    assert!(needs.has(&looks::DOCUMENTS_OF, record));
    assert!(needs.has(&looks::KYC_RECORDS_OPEN_OF, office.ann_id));
}
