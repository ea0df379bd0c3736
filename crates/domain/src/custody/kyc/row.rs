//! The rows of a KYC record and of its documents, and which tier follows from them.

use evidence::time::Timestamp;
use uuid::Uuid;

use crate::{record, words};

/// The highest tier.
pub const TIER_MAX: u64 = 2;

words! {
    /// Where a KYC record stands.
    KycStatus {
        /// Submitted, not decided yet.
        Pending = "pending",
        /// Approved; good until it expires or another one is approved.
        Approved = "approved",
        /// Rejected, for a reason.
        Rejected = "rejected",
        /// Approved once, and past its time.
        Expired = "expired",
        /// Approved once, and taken back or replaced by a later one.
        Revoked = "revoked",
    }
}

words! {
    /// What sort of document.
    DocumentKind {
        /// A passport.
        Passport = "passport",
        /// A national identity card.
        IdentityCard = "identity_card",
        /// A driving licence.
        DrivingLicence = "driving_licence",
        /// A residence permit.
        ResidencePermit = "residence_permit",
        /// A proof of address.
        ProofOfAddress = "proof_of_address",
        /// A proof of where money comes from.
        SourceOfFunds = "source_of_funds",
        /// A picture of the person.
        Selfie = "selfie",
        /// Anything else.
        Other = "other",
    }
}

words! {
    /// Whether a document was checked.
    DocumentState {
        /// Not checked yet.
        Pending = "pending",
        /// Checked and good.
        Verified = "verified",
        /// Checked and not good.
        Rejected = "rejected",
    }
}

record! {
    /// A KYC record: one submission and what became of it.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct KycRecord in "kyc_records" {
        /// Id.
        pub id: id,
        /// Whom it is about.
        pub user_id: Uuid,
        /// The tier that was asked for: 0, 1 or 2.
        pub tier: u64,
        /// Where it stands; whether it has expired is a matter of the clock, see [`KycRecord::status_at`].
        pub status: KycStatus,
        /// The user who submitted it; none for someone on the server's own machine.
        pub submitted_by: Option<Uuid>,
        /// When it was submitted.
        pub submitted_at: Timestamp,
        /// The user who approved or rejected it.
        pub decided_by: Option<Uuid>,
        /// When it was approved or rejected.
        pub decided_at: Option<Timestamp>,
        /// Why it was rejected or revoked.
        pub reason: Option<String>,
        /// From when an approval is no longer good.
        pub expires_at: Option<Timestamp>,
        /// When an approval was revoked, replaced, or recorded as expired.
        pub ended_at: Option<Timestamp>,
    }
}

record! {
    /// A document of a KYC record, by its digest: the document itself is kept elsewhere.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct KycDocument in "kyc_documents" {
        /// Id.
        pub id: id,
        /// The record that it belongs to.
        pub record_id: Uuid,
        /// What sort.
        pub kind: DocumentKind,
        /// SHA-256 of the document.
        pub sha256: Vec<u8>,
        /// Whether it was checked.
        pub state: DocumentState,
        /// The user who checked it.
        pub checked_by: Option<Uuid>,
        /// When it was checked.
        pub checked_at: Option<Timestamp>,
        /// Why it was rejected.
        pub reason: Option<String>,
        /// When it was added.
        pub added_at: Timestamp,
    }
}

impl KycRecord {
    /// Whether its approval is good at a moment.
    pub fn is_good_at(&self, at: Timestamp) -> bool {
        let approved = matches!(
            self.status,
            KycStatus::Approved | KycStatus::Expired | KycStatus::Revoked
        );
        approved
            && self.decided_at.is_some_and(|decided| decided <= at)
            && self.expires_at.is_none_or(|expires| at < expires)
            && self.ended_at.is_none_or(|ended| at < ended)
    }

    /// Where it stands at a moment: the clock decides, whether or not the expiry was recorded.
    pub fn status_at(&self, now: Timestamp) -> KycStatus {
        match self.status {
            KycStatus::Approved if self.expires_at.is_some_and(|expires| expires <= now) => {
                KycStatus::Expired
            }
            status => status,
        }
    }

    /// The record as the clock has it, written down or not: an approval ended when its time had come.
    #[must_use]
    pub fn as_of(self, now: Timestamp) -> KycRecord {
        let status = self.status_at(now);
        let ended = (status != self.status).then_some(self.expires_at).flatten();
        KycRecord {
            status,
            ended_at: self.ended_at.or(ended),
            ..self
        }
    }
}

/// The tier of a user at a moment, by those of its records that were approved: 0 without one.
pub fn tier_at<'a>(records: impl IntoIterator<Item = &'a KycRecord>, at: Timestamp) -> u64 {
    let good = records.into_iter().filter(|record| record.is_good_at(at));
    good.max_by_key(|record| (record.decided_at, record.id))
        .map_or(0, |record| record.tier)
}

/// The tier that a user had at a moment and the one of now, where that is lower.
pub fn tier_lost<'a>(
    records: impl IntoIterator<Item = &'a KycRecord> + Clone,
    since: Timestamp,
    now: Timestamp,
) -> Option<(u64, u64)> {
    let (then, tier) = (tier_at(records.clone(), since), tier_at(records, now));
    (tier < then).then_some((then, tier))
}
