//! The rows of an approval and of a vote on it.

use evidence::commitment::{Salt, commit};
use evidence::time::Timestamp;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::identity::Permission;
use crate::{record, words};

/// Longest verb, in characters.
pub const ACTION_LEN_MAX: usize = 100;

/// Longest arguments, in bytes of canonical JSON.
pub const ARGUMENTS_LEN_MAX: usize = 262_144;

/// Longest reason, in characters.
pub const REASON_LEN_MAX: usize = 1_000;

/// Most who can be asked to vote for an approval.
pub const QUORUM_MAX: u64 = 10;

/// How long after its use what came of it is missing, in seconds.
pub const UNREPORTED_S: i64 = 24 * 3_600;

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
        /// A policy refused it. It is stored as rejected, with that verdict.
        Denied = "denied",
    }
}

words! {
    /// What a policy says to what is asked for.
    Verdict {
        /// It is granted at once, without a vote.
        Allow = "allow",
        /// People vote on it.
        Ask = "ask",
        /// It is refused, whatever anybody would vote.
        Deny = "deny",
    }
}

words! {
    /// How what an approval was used for ended.
    ApprovalOutcome {
        /// It was done.
        Succeeded = "succeeded",
        /// It was tried, and not done, or not all of it.
        Failed = "failed",
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
        /// What it is for, as canonical JSON (RFC 8785): what voters see. Empty once it is erased.
        pub arguments: String,
        /// SHA-256 of the salt and `arguments`: what is carried out must have the same.
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
        /// The salt of the digest: without it nobody can guess the arguments. None once they are erased, and of approvals
        /// that were there before salts.
        pub content_salt: Option<Vec<u8>> [added],
        /// What the policies said; none of approvals that were there before policies.
        pub verdict: Option<Verdict> [added],
        /// The digest of the policies.
        pub policy_digest: Option<Vec<u8>> [added],
        /// The place of the policy that decided, from 0; none where no policy was about it.
        pub policy_rule: Option<u64> [added],
        /// How many the one who asked wanted to vote for it, where that was said.
        pub asked_quorum: Option<u64> [added],
        /// Whether the owner of the agent that asks may vote.
        pub owner_may_vote: Option<bool> [added],
        /// How what it was used for ended.
        pub outcome: Option<ApprovalOutcome> [added],
        /// When that was reported.
        pub outcome_at: Option<Timestamp> [added],
        /// What came of it, as canonical JSON: an object.
        pub result: Option<String> [added],
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
        /// The session in which.
        pub session_id: Option<Uuid> [added],
        /// Whether that session was logged in to with a second factor.
        pub second_factor: Option<bool> [added],
        /// With a vote against it: what the voter would rather see asked for, as canonical JSON. Nothing is granted by it.
        pub suggested_arguments: Option<String> [added],
    }
}

impl Vote {
    /// The same vote without what its voter wrote.
    #[must_use]
    pub fn erased(&self) -> Vote {
        Vote {
            reason: None,
            suggested_arguments: None,
            ..self.clone()
        }
    }
}

/// Whether it is a verb of custody, so that whoever votes on it holds `custody:approve`, and somebody must.
pub(super) fn is_custody(action: &str) -> bool {
    CUSTODY.iter().any(|prefix| action.starts_with(prefix))
}

/// What it takes to vote on what is asked for by this verb, beside a session.
pub fn voters_on(action: &str) -> Permission {
    if is_custody(action) {
        Permission::CustodyApprove
    } else {
        Permission::GovernanceApprove
    }
}

fn digest(salt: Option<Salt>, arguments: &str) -> Vec<u8> {
    match salt {
        Some(salt) => commit(&salt, arguments.as_bytes()).to_vec(),
        None => Sha256::digest(arguments).to_vec(),
    }
}

impl Approval {
    /// Where it stands at a moment: the clock decides, whether or not the expiry was recorded.
    pub fn status_at(&self, now: Timestamp) -> ApprovalStatus {
        match self.status {
            ApprovalStatus::Pending | ApprovalStatus::Granted if self.expires_at <= now => {
                ApprovalStatus::Expired
            }
            ApprovalStatus::Rejected if self.verdict == Some(Verdict::Deny) => ApprovalStatus::Denied,
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
        voters_on(&self.action)
    }

    /// The same with a digest that this salt is in.
    #[must_use]
    pub fn salted(self, salt: Salt) -> Approval {
        Approval {
            digest: digest(Some(salt), &self.arguments),
            content_salt: Some(salt.0.to_vec()),
            ..self
        }
    }

    /// Whether its arguments are erased.
    pub fn is_erased(&self) -> bool {
        self.arguments.is_empty()
    }

    /// Whether these are the arguments that it is for.
    pub fn is_for_these(&self, arguments: &str) -> bool {
        let salt = self.content_salt.as_deref();
        let salt = salt.and_then(|salt| salt.try_into().ok()).map(Salt);
        !self.is_erased() && self.digest == digest(salt, arguments)
    }

    /// The same without what is forgotten with the user who asked for it. Nothing can be done with it any more.
    #[must_use]
    pub fn erased(&self, now: Timestamp, salt: Salt) -> Approval {
        let open = [ApprovalStatus::Pending, ApprovalStatus::Granted].contains(&self.status);
        // A digest without a salt could be guessed from; this salt is kept nowhere.
        let salted = match self.content_salt {
            None => self.clone().salted(salt),
            Some(_) => self.clone(),
        };
        Approval {
            arguments: String::new(),
            content_salt: None,
            reason: None,
            result: None,
            status: if open {
                ApprovalStatus::Withdrawn
            } else {
                self.status
            },
            decided_at: if open { Some(now) } else { self.decided_at },
            ..salted
        }
    }

    /// Whether it was used so long ago that what came of it should have been reported, and was not. Approvals of before
    /// policies were not asked for it.
    pub fn is_unreported(&self, now: Timestamp) -> bool {
        let due = |used: Timestamp| used.plus_seconds(UNREPORTED_S) <= now;
        self.outcome.is_none() && self.verdict.is_some() && self.used_at.is_some_and(due)
    }
}
