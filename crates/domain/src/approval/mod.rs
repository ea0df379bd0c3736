//! Approvals: what one person asks for, others decide, and that works once, for exactly what was asked.

use evidence::time::Timestamp;
use uuid::Uuid;

use crate::{record, words};

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
}

/// Asks for an approval.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestApproval {
    /// The caller's own id for it: the same id with the same content is the same approval.
    pub id: Option<Uuid>,
    /// The verb that it is for: 1 to 100 of `a-z`, `0-9`, `.`, `_`, `-`.
    pub action: String,
    /// What it is for, as canonical JSON of at most 16 KiB: an object.
    pub arguments: String,
    /// Why.
    pub reason: Option<String>,
    /// How many must vote for it: 1 to 10.
    pub quorum: u64,
    /// From when it can be neither voted on nor used; otherwise as long as the installation says, which is also the most.
    pub expires_at: Option<Timestamp>,
}

/// Votes on an approval. One may change one's vote while the approval is pending.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CastVote {
    /// The approval.
    pub approval: Uuid,
    /// Whether for it; one vote against it rejects it.
    pub approve: bool,
    /// Why; needed for a vote against it.
    pub reason: Option<String>,
}

/// Uses an approval for something outside Probity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UseApproval {
    /// The approval.
    pub approval: Uuid,
    /// The verb.
    pub action: String,
    /// What it is used for, as canonical JSON: must be what was approved.
    pub arguments: String,
}

/// What an approval is to be used for.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// The verb.
    pub action: &'a str,
    /// The arguments, as canonical JSON.
    pub arguments: &'a str,
    /// How many must have voted for it.
    pub quorum: u64,
}

/// Uses an approval within another change: refuses, or adds to `change` that it is used now.
pub(crate) fn consume(
    _change: &mut crate::change::Change<'_>,
    _facts: &crate::Facts,
    _id: Uuid,
    _asked: &Asked<'_>,
    _who: &crate::identity::Principal,
    _now: Timestamp,
) -> Result<(), crate::Refusal> {
    Err(crate::Refusal::invalid("command", "to be written"))
}

/// Decides [`RequestApproval`].
pub fn request(
    _facts: &crate::Facts,
    _command: &RequestApproval,
    _who: &crate::identity::Principal,
    _authority: &crate::identity::Authority,
    _ctx: &crate::Context,
) -> Result<crate::Decision, crate::Refusal> {
    Err(crate::Refusal::invalid("command", "to be written"))
}

/// Decides [`CastVote`].
pub fn vote(
    _facts: &crate::Facts,
    _command: &CastVote,
    _who: &crate::identity::Principal,
    _ctx: &crate::Context,
) -> Result<crate::Decision, crate::Refusal> {
    Err(crate::Refusal::invalid("command", "to be written"))
}

/// Decides [`UseApproval`].
pub fn use_once(
    _facts: &crate::Facts,
    _command: &UseApproval,
    _who: &crate::identity::Principal,
    _authority: &crate::identity::Authority,
    _ctx: &crate::Context,
) -> Result<crate::Decision, crate::Refusal> {
    Err(crate::Refusal::invalid("command", "to be written"))
}

/// Takes an approval back that one asked for.
pub fn withdraw(
    _facts: &crate::Facts,
    _id: Uuid,
    _who: &crate::identity::Principal,
    _authority: &crate::identity::Authority,
    _ctx: &crate::Context,
) -> Result<crate::Decision, crate::Refusal> {
    Err(crate::Refusal::invalid("command", "to be written"))
}

/// Records the expiry of those of these approvals that are past their time.
pub fn expire(
    _facts: &crate::Facts,
    _approvals: &[Uuid],
    _ctx: &crate::Context,
) -> Result<crate::Decision, crate::Refusal> {
    Err(crate::Refusal::invalid("command", "to be written"))
}
