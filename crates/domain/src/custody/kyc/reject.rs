//! Rejecting what was submitted, and revoking what was approved: for a reason.

use super::decide::{DecideKyc, KycDecision, REASON_LEN_MAX};
use super::{KycRecord, KycStatus};
use crate::prelude::*;

/// What a decision for a reason can be refused with.
const DECIDED: Codes = refusals! {
    SESSION_NEEDED, INVALID_FIELD, UNKNOWN_KYC_RECORD, OWN_SUBMISSION, OWN_RECORD, VERSION_MISMATCH, WRONG_STATUS,
};

/// Rejects a record.
pub type RejectKyc = DecideKyc<Reject>;

/// Takes back the approval of a record.
pub type RevokeKyc = DecideKyc<Revoke>;

/// It is rejected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reject {
    /// Why: 1 to 1,000 printable characters.
    pub reason: String,
}

/// Its approval is taken back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revoke {
    /// Why: 1 to 1,000 printable characters.
    pub reason: String,
}

impl KycDecision for Reject {
    const ACTION: &'static Action = &action::KYC_REJECT;
    const REFUSALS: Codes = DECIDED;
    const FROM: (KycStatus, &'static str) = (KycStatus::Pending, "only a pending one can be rejected");

    fn check(&self, _: Timestamp) -> Result<(), FieldError> {
        check_text("reason", &self.reason, REASON_LEN_MAX)
    }

    fn is_made(&self, record: &KycRecord, now: Timestamp) -> bool {
        record.status_at(now) == KycStatus::Rejected && record.reason.as_ref() == Some(&self.reason)
    }

    fn after(&self, before: &KycRecord, by: Option<Uuid>, _: &Rules, now: Timestamp) -> KycRecord {
        KycRecord {
            status: KycStatus::Rejected,
            decided_by: by,
            decided_at: Some(now),
            reason: Some(self.reason.clone()),
            ..before.clone()
        }
    }
}

impl KycDecision for Revoke {
    const ACTION: &'static Action = &action::KYC_REVOKE;
    const REFUSALS: Codes = DECIDED;
    const FROM: (KycStatus, &'static str) = (KycStatus::Approved, "only an approved one can be revoked");

    fn check(&self, _: Timestamp) -> Result<(), FieldError> {
        check_text("reason", &self.reason, REASON_LEN_MAX)
    }

    fn is_made(&self, record: &KycRecord, now: Timestamp) -> bool {
        record.status_at(now) == KycStatus::Revoked && record.reason.as_ref() == Some(&self.reason)
    }

    /// Who approved it and when stays; the entry says who revoked it.
    fn after(&self, before: &KycRecord, _: Option<Uuid>, _: &Rules, now: Timestamp) -> KycRecord {
        KycRecord {
            status: KycStatus::Revoked,
            reason: Some(self.reason.clone()),
            ended_at: Some(now),
            ..before.clone()
        }
    }
}
