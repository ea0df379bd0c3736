use super::*;
use crate::identity::Scope;
use crate::refusal::RefusalKind;

fn with_id(command: &Command, id: u128) -> Command {
    let Command::SubmitKyc(command) = command.clone() else {
        panic!("{command:?}")
    };
    let id = Some(Uuid::from_u128(id));
    Command::SubmitKyc(SubmitKyc { id, ..command })
}

fn with_documents(user: Uuid, documents: Vec<NewDocument>) -> Command {
    Command::SubmitKyc(SubmitKyc {
        id: None,
        user,
        tier: 1,
        documents,
    })
}

#[test]
fn bounds_at_their_edges() {
    let cases = [
        (0, 0, "done", None),
        (2, 1, "done", None),
        (3, 1, "invalid_field", Some("tier")),
        (u64::MAX, 1, "invalid_field", Some("tier")),
        (1, 0, "done", None),
        (1, 20, "done", None),
        (1, 21, "invalid_field", Some("documents")),
        // The tier is looked at first.
        (3, 21, "invalid_field", Some("tier")),
    ];
    for (tier, count, expected, field) in cases {
        let mut office = Office::new();
        let command = submit_kyc(office.ann_id, tier, count);
        let root = office.root.clone();
        let found = office.run(&root, &command);
        let found = found.map_or_else(|refusal| (refusal.code, refusal.field), |_| ("done", None));
        assert_eq!((found.0, found.1.as_deref()), (expected, field), "{tier} {count}");
    }
}

#[test]
fn no_document_is_given_twice() {
    for (first, second) in [(0, 1), (0, 3), (18, 19)] {
        let mut office = Office::new();
        let mut documents = documents(20);
        documents[second].sha256 = documents[first].sha256;
        // Input is looked at before whom it is about.
        for user in [office.ann_id, Uuid::from_u128(0xdead)] {
            let root = office.root.clone();
            let refusal = office.refused(&root, &with_documents(user, documents.clone()));
            assert_eq!(refusal.code, "invalid_field");
            assert_eq!(refusal.field, Some(format!("documents[{second}].sha256")));
            assert!(
                refusal.message.contains(&format!("document {first} ")),
                "{refusal}"
            );
        }
    }
}

#[test]
pub(crate) fn who_may_submit_for_whom() {
    let mut office = Office::new();
    let (ann, bob, cora) = (office.ann_id, office.bob_id, office.cora_id);
    let keys = [
        office.key("ann", &[Scope::Custody]),
        office.key("root", &[Scope::Custody]),
        office.key("root", &[Scope::Read]),
    ];
    let nobody = Uuid::from_u128(0xdead);
    let cases = [
        (office.ann.clone(), ann, "done"),
        (office.ann.clone(), bob, "permission_missing"),
        // What is not there is not told to those who may not ask.
        (office.ann.clone(), nobody, "permission_missing"),
        (keys[0].clone(), ann, "done"),
        (keys[0].clone(), bob, "permission_missing"),
        (office.root.clone(), bob, "done"),
        (office.root.clone(), nobody, "unknown_user"),
        (keys[1].clone(), bob, "done"),
        (keys[2].clone(), bob, "scope_missing"),
        (operator(), bob, "done"),
        // Who reviews does not submit, not even for themselves.
        (office.cora.clone(), cora, "permission_missing"),
        (office.cora.clone(), ann, "permission_missing"),
    ];
    for (number, (caller, user, expected)) in cases.iter().enumerate() {
        office.world.facts.kyc_records.clear();
        let command = submit_kyc(*user, 1, 1);
        let found = match office.run(caller, &command) {
            Ok(reply) => {
                let (record, ..) = kyc(Ok(reply));
                assert_eq!(record.submitted_by, office.who(caller).actor_id);
                "done"
            }
            Err(refusal) => refusal.code,
        };
        assert_eq!(found, *expected, "case {number}");
    }
}

#[test]
fn what_a_submission_writes() {
    let mut office = Office::new();
    let ann = office.ann.clone();
    let command = submit_kyc(office.ann_id, 2, 20);
    let decision = office.decide(&ann, &command).unwrap();
    let draft = &decision.drafts[0];
    assert_eq!((decision.drafts.len(), draft.writes.len()), (1, 21));
    assert_eq!(draft.action, "kyc.submit");
    assert_eq!(draft.target_kind.as_deref(), Some("kyc_record"));
    assert_eq!(draft.authority, "role:user kyc:own");
    let (record, version, there) = kyc(Ok(decision.reply));
    assert_eq!(draft.target_id, Some(record.id));
    assert_eq!(version, 1);
    let expected = KycRecord {
        id: record.id,
        user_id: office.ann_id,
        tier: 2,
        status: KycStatus::Pending,
        submitted_by: Some(office.ann_id),
        submitted_at: office.now,
        decided_by: None,
        decided_at: None,
        reason: None,
        expires_at: None,
        ended_at: None,
    };
    assert_eq!(record, expected);
    let asked = documents(20);
    let same = there.iter().map(|one| (one.kind, one.sha256.as_slice()));
    assert!(same.eq(asked.iter().map(|one| (one.kind, one.sha256.as_slice()))));
    // Their order is kept by their ids.
    assert!(there.is_sorted_by(|one, next| one.id < next.id));
    for document in there {
        assert_eq!(document.record_id, record.id);
        assert_eq!(
            (document.state, document.added_at),
            (DocumentState::Pending, office.now)
        );
        assert_eq!(office.facts.kyc_documents[&document.id].row, document);
    }
    assert_eq!(office.facts.kyc_records[&record.id].row, record);
}

#[test]
pub(crate) fn an_id_is_one_content() {
    let mut office = Office::new();
    let (root, ann, bob) = (office.root.clone(), office.ann_id, office.bob_id);
    let first = with_id(&submit_kyc(ann, 1, 3), 1);
    let (record, ..) = kyc(office.run(&root, &first));
    assert_eq!(record.id, Uuid::from_u128(1));
    let mut turned = documents(3);
    turned.swap(0, 2);
    let mut other_kind = documents(3);
    other_kind[1].kind = DocumentKind::Other;
    let cases = [
        (first.clone(), "nothing", None),
        (with_id(&submit_kyc(bob, 1, 3), 1), "id_conflict", Some("user")),
        (with_id(&submit_kyc(ann, 2, 3), 1), "id_conflict", Some("tier")),
        (
            with_id(&submit_kyc(ann, 1, 2), 1),
            "id_conflict",
            Some("documents"),
        ),
        (
            with_id(&with_documents(ann, turned), 1),
            "id_conflict",
            Some("documents"),
        ),
        (
            with_id(&with_documents(ann, other_kind), 1),
            "id_conflict",
            Some("documents"),
        ),
        (with_id(&submit_kyc(ann, 3, 3), 1), "invalid_field", Some("tier")),
        (with_id(&submit_kyc(ann, 1, 3), 2), "kyc_pending", Some("user")),
    ];
    for (number, (command, expected, field)) in cases.iter().enumerate() {
        match office.decide(&root, command) {
            Ok(decision) => {
                assert_eq!(
                    (decision.drafts.len(), *expected),
                    (0, "nothing"),
                    "case {number}"
                );
                let (again, version, there) = kyc(Ok(decision.reply));
                assert_eq!((again.id, version, there.len()), (record.id, 1, 3));
            }
            Err((refusal, _)) => {
                assert_eq!(
                    (refusal.code, refusal.field.as_deref()),
                    (*expected, *field),
                    "case {number}"
                );
            }
        }
    }
    // The same id gets its record as it is now, whatever became of the user.
    let reject = office.decision(record.id, reject("blurred"));
    let cora = office.cora.clone();
    assert_eq!(office.code(&cora, &reject), "done");
    assert_eq!(office.code(&root, &erase(ann)), "done");
    let (again, version, _) = kyc(office.run(&root, &first));
    assert_eq!((again.status, version), (KycStatus::Rejected, 2));
}

#[test]
fn one_record_waits_at_a_time() {
    let mut office = Office::new();
    let (ann, root, cora) = (office.ann.clone(), office.root.clone(), office.cora.clone());
    let (pending, _) = office.submitted(0, 0);
    let again = submit_kyc(office.ann_id, 1, 1);
    for caller in [&ann, &root] {
        let refusal = office.refused(caller, &again);
        assert_eq!(
            (refusal.code, refusal.kind),
            ("kyc_pending", RefusalKind::Conflict)
        );
        assert!(refusal.message.contains(&pending.to_string()), "{refusal}");
        assert!(refusal.rule.is_some());
    }
    // Another user's does not stand in the way, and a decided one neither.
    let of_bob = submit_kyc(office.bob_id, 1, 1);
    assert_eq!(office.code(&root, &of_bob), "done");
    let approve = office.decision(pending, approve());
    assert_eq!(office.code(&cora, &approve), "done");
    assert_eq!(office.code(&ann, &again), "done");
}

#[test]
pub(crate) fn an_erased_user_has_no_new_record() {
    let mut office = Office::new();
    let (root, user) = (office.root.clone(), office.ann_id);
    let (pending, _) = office.submitted(1, 1);
    assert_eq!(office.code(&root, &erase(user)), "done");
    let refusal = office.refused(&root, &submit_kyc(user, 1, 1));
    // Before the one that is pending.
    assert_eq!(refusal.code, "user_erased");
    assert_eq!(refusal.field.as_deref(), Some("user"));
    assert_eq!(office.record(pending).status, KycStatus::Pending);
}
