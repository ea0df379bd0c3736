//! Approving: a tier on documents that were all verified, in the place of earlier approvals.

use super::decide::{DecideKyc, KycDecision};
use super::{DocumentState, KycRecord, KycStatus, documents_of, expire};
use crate::prelude::*;

/// How long an approval may be good, in seconds: 10 years, with as many leap days as they can have.
pub const EXPIRY_S_MAX: i64 = (10 * 365 + 3) * 24 * 3_600;

/// Why an approval ended that a later one took the place of.
const REPLACED: &str = "replaced";

/// Approves a record.
pub type ApproveKyc = DecideKyc<Approve>;

/// It is approved, until then or for as long as the installation says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Approve {
    /// From when it is no longer good: at most 10 years from now.
    pub expires_at: Option<Timestamp>,
}

impl KycDecision for Approve {
    const ACTION: &'static Action = &action::KYC_APPROVE;
    const REFUSALS: Codes = refusals! {
        SESSION_NEEDED, INVALID_FIELD, UNKNOWN_KYC_RECORD, OWN_SUBMISSION, OWN_RECORD, VERSION_MISMATCH,
        WRONG_STATUS, DOCUMENTS_UNVERIFIED,
    };
    const FROM: (KycStatus, &'static str) = (KycStatus::Pending, "only a pending one can be approved");

    fn check(&self, now: Timestamp) -> Result<(), FieldError> {
        let last = now.plus_seconds(EXPIRY_S_MAX);
        if self
            .expires_at
            .is_some_and(|expires| expires <= now || expires > last)
        {
            let message = format!("must be in the future, and not after {last}");
            return Err(FieldError::new("expires_at", message));
        }
        Ok(())
    }

    fn is_made(&self, record: &KycRecord, now: Timestamp) -> bool {
        let same_end = self.expires_at.is_none() || self.expires_at == record.expires_at;
        record.status_at(now) == KycStatus::Approved && same_end
    }

    fn before(
        &self,
        change: &mut Change<'_>,
        facts: &Facts,
        record: &KycRecord,
        ctx: &Context,
    ) -> Result<Vec<Draft>, Refusal> {
        check_documents(facts, record)?;
        end_earlier(change, facts, record, ctx)
    }

    fn after(&self, before: &KycRecord, by: Option<Uuid>, rules: &Rules, now: Timestamp) -> KycRecord {
        let usual = now.plus_seconds(rules.custody.kyc_s);
        KycRecord {
            status: KycStatus::Approved,
            decided_by: by,
            decided_at: Some(now),
            expires_at: Some(self.expires_at.unwrap_or(usual)),
            ..before.clone()
        }
    }
}

/// Refuses a tier above 0 without documents, or while one of them is not verified.
fn check_documents(facts: &Facts, record: &KycRecord) -> Result<(), Refusal> {
    let documents = documents_of(facts, record.id);
    let count = |state| {
        let those = documents.iter().filter(|document| document.row.state == state);
        those.count()
    };
    let (pending, rejected) = (count(DocumentState::Pending), count(DocumentState::Rejected));
    if record.tier == 0 || !documents.is_empty() && pending + rejected == 0 {
        return Ok(());
    }
    let message = format!(
        "tier {} needs one document at least, and all of them verified: there are {}, of which {pending} are pending and \
         {rejected} rejected",
        record.tier,
        documents.len(),
    );
    let rule = BrokenRule {
        rule: "a tier above 0 is approved on one document at least, and all of them verified".to_owned(),
        lifted_by:
            "who holds kyc:review: check the documents, or reject the record so that another can be submitted"
                .to_owned(),
        ..BrokenRule::default()
    };
    Err(code::DOCUMENTS_UNVERIFIED.because(message).by(rule))
}

/// Ends the earlier approvals of the record's user: those past their time expired, each with an entry of its own;
/// those that are good now are replaced, with the approval.
fn end_earlier(
    change: &mut Change<'_>,
    facts: &Facts,
    record: &KycRecord,
    ctx: &Context,
) -> Result<Vec<Draft>, Refusal> {
    let all = facts.kyc_records.values();
    let mut earlier: Vec<_> = all
        .filter(|sealed| sealed.row.user_id == record.user_id && sealed.row.status == KycStatus::Approved)
        .collect();
    earlier.sort_unstable_by_key(|sealed| sealed.row.id);
    let mut expired = Vec::new();
    for (sealed, number) in earlier.into_iter().zip(1..) {
        if expire::is_due(sealed, ctx) {
            expired.push(expire::entry(facts, sealed, &ctx.part(number))?);
            continue;
        }
        let replaced = KycRecord {
            status: KycStatus::Revoked,
            reason: Some(REPLACED.to_owned()),
            ended_at: Some(ctx.now),
            ..sealed.row.clone()
        };
        change.alter(sealed, replaced);
    }
    Ok(expired)
}
