use super::*;
use crate::identity::Scope;

#[test]
fn a_document_is_checked() {
    let mut office = Office::new();
    let (record, documents) = office.submitted(1, 2);
    let [one, two] = documents[..] else {
        panic!("{documents:?}")
    };
    let (cora, carl) = (office.cora.clone(), office.carl.clone());
    let decision = office.decide(&cora, &verify(record, one)).unwrap();
    let draft = &decision.drafts[0];
    assert_eq!((decision.drafts.len(), draft.writes.len()), (1, 1));
    assert_eq!(draft.action, "kyc.check_document");
    assert_eq!(
        (draft.target_kind.as_deref(), draft.target_id),
        (Some("kyc_record"), Some(record))
    );
    assert_eq!(draft.authority, "role:compliance kyc:review");
    assert!(draft.payload.contains(&office.ann_id.to_string()));
    let (answer, version, there) = kyc(Ok(decision.reply));
    assert_eq!((answer.status, version), (KycStatus::Pending, 1));
    let states = |there: &[KycDocument]| there.iter().map(|one| one.state).collect::<Vec<_>>();
    assert_eq!(states(&there), [DocumentState::Verified, DocumentState::Pending]);
    assert_eq!(
        (there[0].checked_by, there[0].checked_at),
        (Some(office.cora_id), Some(office.now))
    );
    // Another may think otherwise, for as long as nothing is decided.
    let (_, _, there) = kyc(office.run(&carl, &find_fault(record, one, "expired")));
    assert_eq!(states(&there), [DocumentState::Rejected, DocumentState::Pending]);
    assert_eq!(
        (there[0].checked_by, there[0].reason.as_deref()),
        (Some(office.carl_id), Some("expired"))
    );
    assert_eq!(office.code(&cora, &verify(record, one)), "done");
    assert_eq!(office.facts.kyc_documents[&one].row.reason, None);
    assert_eq!(office.facts.kyc_documents[&one].version, 4);
    assert_eq!(office.facts.kyc_documents[&two].row.state, DocumentState::Pending);
}

#[test]
pub(crate) fn every_reason_not_to_check_a_document() {
    let mut office = Office::new();
    let (root, cora, ann) = (office.root.clone(), office.cora.clone(), office.ann.clone());
    let (record, documents) = office.submitted(1, 1);
    let document = documents[0];
    let other = office.submitted_by(&root, office.bob_id, 1, 1);
    let (other, others) = (other.0, other.1[0]);
    let of_cora = office.submitted_by(&root, office.cora_id, 1, 1);
    let nobody = Uuid::from_u128(0xdead);
    let without_reason = Command::CheckDocument(CheckDocument {
        record,
        document,
        verified: false,
        reason: None,
    });
    let reason_for_good = Command::CheckDocument(CheckDocument {
        record,
        document,
        verified: true,
        reason: Some("fine".to_owned()),
    });
    let longest = "é".repeat(REASON_LEN_MAX);
    let key = office.key("cora", &[Scope::Admin]);
    let cases = [
        (&ann, verify(record, document), "permission_missing", None),
        (&cora, without_reason, "invalid_field", Some("reason")),
        (&cora, reason_for_good, "invalid_field", Some("reason")),
        (
            &cora,
            find_fault(nobody, document, ""),
            "invalid_field",
            Some("reason"),
        ),
        (
            &cora,
            find_fault(record, document, "a\nb"),
            "invalid_field",
            Some("reason"),
        ),
        (
            &cora,
            find_fault(record, document, &format!("{longest}é")),
            "invalid_field",
            Some("reason"),
        ),
        (&cora, verify(nobody, document), "unknown_kyc_record", Some("id")),
        (
            &cora,
            verify(record, nobody),
            "unknown_document",
            Some("document"),
        ),
        (
            &cora,
            verify(record, others),
            "unknown_document",
            Some("document"),
        ),
        (
            &root,
            verify(other, document),
            "unknown_document",
            Some("document"),
        ),
        (&root, verify(other, others), "own_submission", None),
        (&cora, verify(of_cora.0, of_cora.1[0]), "own_record", None),
        (&cora, find_fault(record, document, &longest), "done", None),
        (&cora, find_fault(record, document, &longest), "nothing", None),
        (&cora, find_fault(record, document, "x"), "done", None),
        // What only a person may do is the decision.
        (&key, verify(record, document), "done", None),
        (&cora, verify(record, document), "nothing", None),
        (&operator(), verify(other, others), "done", None),
    ];
    for (number, (caller, command, code, field)) in cases.iter().enumerate() {
        assert_eq!(
            outcome(&mut office, caller, command),
            said(code, *field),
            "case {number}"
        );
    }
    let approve = office.decision(record, approve());
    assert_eq!(office.code(&cora, &approve), "done");
    let after = [
        (verify(record, document), "nothing"),
        (find_fault(record, document, "too late"), "wrong_status"),
    ];
    for (command, code) in after {
        assert_eq!(office.code(&cora, &command), code);
    }
}

/// What somebody on the machine submitted, nobody on the machine checks.
#[test]
fn local_submissions_are_checked_by_others() {
    let mut office = Office::new();
    let cora = office.cora.clone();
    let submitted = office.submitted_by(&operator(), office.ann_id, 1, 1);
    let check = verify(submitted.0, submitted.1[0]);
    assert_eq!(office.code(&operator(), &check), "own_submission");
    assert_eq!(office.code(&cora, &check), "done");
}
