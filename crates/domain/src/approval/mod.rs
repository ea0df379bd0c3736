//! Approvals: what one person asks for, others decide, and that works once, for exactly what was asked.

mod expire;
mod paid;
mod request;
#[cfg(test)]
mod tests;
mod use_once;
mod vote;

use evidence::time::Timestamp;
use uuid::Uuid;

pub use expire::ExpireApprovals;
pub use paid::operation_of;
pub use request::WithdrawApproval;
pub(crate) use use_once::consume;

use crate::decision::Reply;
use crate::facts::Facts;
use crate::identity::{Permission, Principal};
use crate::record::Sealed;
use crate::refusal::{Refusal, RefusalKind};
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
const INTERNAL: &str = "operation.";

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

    /// Whether the caller is the one who asked for it.
    fn is_of(&self, who: &Principal) -> bool {
        self.requested_by == who.actor_id
    }
}

/// The votes on an approval, oldest first.
fn votes(facts: &Facts, approval: Uuid) -> Vec<Vote> {
    let all = facts.votes.values().map(|vote| &vote.row);
    let mut votes: Vec<_> = all.filter(|vote| vote.approval_id == approval).cloned().collect();
    votes.sort_unstable_by_key(|vote| (vote.voted_at, vote.id));
    votes
}

/// The answer about an approval as it is.
fn reply(facts: &Facts, sealed: &Sealed<Approval>) -> Reply {
    Reply::Approval {
        approval: sealed.row.clone(),
        version: sealed.version,
        votes: votes(facts, sealed.row.id),
    }
}

fn find<'a>(facts: &'a Facts, id: Uuid, field: &str) -> Result<&'a Sealed<Approval>, Refusal> {
    facts.approvals.get(&id).ok_or_else(|| {
        let message = format!("there is no approval {id}");
        Refusal::new(RefusalKind::NotFound, "unknown_approval", message).field(field)
    })
}

/// Refuses what nothing can be done about any more.
fn check_undecided(approval: &Approval, open: &[ApprovalStatus], now: Timestamp) -> Result<(), Refusal> {
    let status = approval.status_at(now);
    if open.contains(&status) {
        return Ok(());
    }
    let (code, message) = if status == ApprovalStatus::Expired {
        let message = format!("the approval expired at {}: request another", approval.expires_at);
        ("approval_expired", message)
    } else {
        let message = format!("the approval is {} already", status.as_str());
        ("approval_decided", message)
    };
    Err(Refusal::new(RefusalKind::Conflict, code, message))
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
    /// The operation that it is for a step of, see [`operation_of`]: it says who is paid.
    pub operation: Option<Uuid>,
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
