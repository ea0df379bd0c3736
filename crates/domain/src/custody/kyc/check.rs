//! Checking documents: before a record is approved, never by the one who submitted it.

use super::decide::{REASON_LEN_MAX, check_reviewer, wrong_status};
use super::{DocumentState, KycDocument, KycStatus, find, reply};
use crate::prelude::*;

/// Checks a document of a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckDocument {
    /// The record.
    pub record: Uuid,
    /// The document.
    pub document: Uuid,
    /// Whether it is good.
    pub verified: bool,
    /// Why it is not: 1 to 1,000 printable characters.
    pub reason: Option<String>,
}

fn check_document_input(command: &CheckDocument) -> Result<(), FieldError> {
    match (&command.reason, command.verified) {
        (None, true) => Ok(()),
        (Some(reason), false) => check_text("reason", reason, REASON_LEN_MAX),
        (None, false) => Err(FieldError::new(
            "reason",
            "is needed for a document that is not good",
        )),
        (Some(_), true) => Err(FieldError::new("reason", "is for a document that is not good")),
    }
}

impl Act for CheckDocument {
    act! {
        action: KYC_CHECK_DOCUMENT, changes_access: false, target: "kyc_record" = record,
        refusals: INVALID_FIELD, UNKNOWN_KYC_RECORD, UNKNOWN_DOCUMENT, OWN_SUBMISSION, OWN_RECORD,
            WRONG_STATUS
    }

    fn needs(&self, _: &Rules, needs: &mut Needs) {
        needs.row(&looks::KYC_RECORD, self.record);
        needs.row(&looks::DOCUMENTS_OF, self.record);
    }

    fn decide(&self, facts: &Facts, by: &By<'_>, ctx: &Context) -> Result<Decision, Refusal> {
        check_document_input(self)?;
        let record = find(facts, self.record)?;
        let known = facts.kyc_documents.get(&self.document);
        let before = known
            .filter(|document| document.row.record_id == self.record)
            .ok_or_else(|| {
                let message = format!("KYC record {} has no document {}", self.record, self.document);
                code::UNKNOWN_DOCUMENT.because(message).field("document")
            })?;
        check_reviewer(&record.row, by.who)?;
        let state = if self.verified {
            DocumentState::Verified
        } else {
            DocumentState::Rejected
        };
        let mut answer = reply(facts, record.row.clone(), record.version);
        if before.row.state == state && before.row.reason == self.reason {
            return Ok(Decision::nothing(answer));
        }
        if record.row.status != KycStatus::Pending {
            let needed = "documents are checked while it is pending";
            return Err(wrong_status(&record.row, ctx.now, needed));
        }
        let after = KycDocument {
            state,
            checked_by: by.who.actor_id,
            checked_at: Some(ctx.now),
            reason: self.reason.clone(),
            ..before.row.clone()
        };
        if let Reply::Kyc { documents, .. } = &mut answer {
            let own = documents.iter_mut().filter(|document| document.id == after.id);
            own.for_each(|document| *document = after.clone());
        }
        let mut change = Change::new(by, ctx);
        change.detail("user", record.row.user_id.to_string());
        change.alter(before, after);
        let draft = change.draft(Self::ACTION.name, "kyc_record", self.record);
        Ok(Decision::one(answer, draft))
    }
}
