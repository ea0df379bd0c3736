//! The rows of an approval and of a vote on it.

use evidence::time::Timestamp;
use uuid::Uuid;

use crate::identity::Permission;
use crate::{record, words};

/// Longest verb, in characters.
pub const ACTION_LEN_MAX: usize = 100;

/// Longest arguments, in bytes of canonical JSON.
pub const ARGUMENTS_LEN_MAX: usize = 16_384;

/// Longest reason, in characters.
pub const REASON_LEN_MAX: usize = 1_000;

/// Most who can be asked to vote for an approval.
pub const QUORUM_MAX: u64 = 10;

/// What the verbs of custody begin with: whoever votes on these holds `custody:approve`.
const CUSTODY: &[&str] = &["operation.", "balance.", "asset.", "kyc.", "destination."];

/// What the verbs begin with whose approvals are used by the command itself.
pub(super) const INTERNAL: &str = "operation.";

words! {
    /// Where an approval stands.
    ApprovalStatus {
        /// Waiting for votes.
        Pending = "pending",
        /// Enough voted for it; it can be used once, until it expires.
        Granted = "granted",
        /// Someone voted against it.
        Rejected = "rejected",
        /// It was used.
        Used = "used",
        /// The one who asked took it back.
        Withdrawn = "withdrawn",
        /// Its time passed before it was used.
        Expired = "expired",
    }
}

record! {
    /// An approval.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Approval in "approvals" {
        /// Id.
        pub id: id,
        /// The verb that it is for, such as `operation.create`.
        pub action: String,
        /// What it is for, as canonical JSON (RFC 8785): what voters see.
        pub arguments: String,
        /// SHA-256 of `arguments`: what is carried out must have the same.
        pub digest: Vec<u8>,
        /// Why it is asked for.
        pub reason: Option<String>,
        /// The user who asks; none for someone on the server's own machine.
        pub requested_by: Option<Uuid>,
        /// When it was asked for.
        pub requested_at: Timestamp,
        /// How many must vote for it.
        pub quorum: u64,
        /// Where it stands; whether it has expired is a matter of the clock, see [`Approval::status_at`].
        pub status: ApprovalStatus,
        /// From when it can be neither voted on nor used.
        pub expires_at: Timestamp,
        /// When it was granted, rejected or withdrawn.
        pub decided_at: Option<Timestamp>,
        /// When it was used.
        pub used_at: Option<Timestamp>,
        /// The agent that asks, on behalf of the user.
        pub agent_id: Option<Uuid> [added],
        /// The execution that waits for it.
        pub execution_id: Option<Uuid> [added],
    }
}

record! {
    /// A vote on an approval.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Vote in "approval_votes" {
        /// Id; follows from approval and user.
        pub id: id,
        /// The approval.
        pub approval_id: Uuid,
        /// Who votes.
        pub user_id: Uuid,
        /// Whether for it.
        pub approve: bool,
        /// Why.
        pub reason: Option<String>,
        /// When.
        pub voted_at: Timestamp,
    }
}

impl Approval {
    /// Where it stands at a moment: the clock decides, whether or not the expiry was recorded.
    pub fn status_at(&self, now: Timestamp) -> ApprovalStatus {
        match self.status {
            ApprovalStatus::Pending | ApprovalStatus::Granted if self.expires_at <= now => {
                ApprovalStatus::Expired
            }
            status => status,
        }
    }

    /// The approval as the clock has it, written down or not.
    #[must_use]
    pub fn as_of(self, now: Timestamp) -> Approval {
        Approval {
            status: self.status_at(now),
            ..self
        }
    }

    /// What it takes to vote on it, beside a session.
    pub fn voters(&self) -> Permission {
        if CUSTODY.iter().any(|prefix| self.action.starts_with(prefix)) {
            Permission::CustodyApprove
        } else {
            Permission::GovernanceApprove
        }
    }
}
