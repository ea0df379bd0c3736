//! KYC: which tier of a user was checked, by whom, on which documents, until when.

mod approve;
mod check;
mod decide;
mod expire;
mod reject;
mod row;
mod submit;
#[cfg(test)]
pub(crate) mod tests;

pub use approve::{Approve, ApproveKyc, EXPIRY_S_MAX};
pub use check::CheckDocument;
pub use decide::{DecideKyc, KycDecision, REASON_LEN_MAX};
pub use expire::ExpireKyc;
pub use reject::{Reject, RejectKyc, Revoke, RevokeKyc};
pub use row::{DocumentKind, DocumentState, KycDocument, KycRecord, KycStatus, TIER_MAX, tier_at, tier_lost};
pub use submit::{DOCUMENTS_MAX, NewDocument, SubmitKyc};

use crate::code;
use evidence::time::Timestamp;
use uuid::Uuid;

use crate::decision::Reply;
use crate::record::Sealed;
use crate::refusal::Refusal;
use crate::tables::Facts;

/// The tier of a user now, as far as the facts hold its records.
pub fn tier_of(facts: &Facts, user: Uuid, now: Timestamp) -> u64 {
    let records = facts.kyc_records.values().map(|record| &record.row);
    tier_at(records.filter(|record| record.user_id == user), now)
}

/// A record by its id.
fn find(facts: &Facts, id: Uuid) -> Result<&Sealed<KycRecord>, Refusal> {
    let found = facts.kyc_records.get(&id);
    found.ok_or_else(|| code::UNKNOWN_KYC_RECORD.absent(format_args!("KYC record {id}"), "id"))
}

/// The documents of a record, oldest first.
fn documents_of(facts: &Facts, record: Uuid) -> Vec<&Sealed<KycDocument>> {
    let all = facts.kyc_documents.values();
    let mut found: Vec<_> = all.filter(|sealed| sealed.row.record_id == record).collect();
    // The ids of one submission are in the order of its documents.
    found.sort_unstable_by_key(|sealed| sealed.row.id);
    found
}

/// A record as an answer.
fn reply(facts: &Facts, record: KycRecord, version: u64) -> Reply {
    let documents = documents_of(facts, record.id);
    Reply::Kyc {
        documents: documents.into_iter().map(|sealed| sealed.row.clone()).collect(),
        record,
        version,
    }
}
