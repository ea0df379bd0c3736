//! Approvals: what one person asks for, others decide, and that works once, for exactly what was asked.

mod erase;
mod expire;
mod paid;
pub mod policy;
mod report;
mod request;
mod row;
mod salt;
#[cfg(test)]
pub(crate) mod tests;
mod use_once;
mod vote;

pub(crate) use erase::erase;
pub use expire::ExpireApprovals;
pub use paid::{Movement, operation_of, pays};
pub use report::ReportOutcome;
pub(crate) use request::withdraw_all;
pub use request::{RequestApproval, WithdrawApproval};
pub use row::{
    ACTION_LEN_MAX, ARGUMENTS_LEN_MAX, Approval, ApprovalOutcome, ApprovalStatus, QUORUM_MAX, REASON_LEN_MAX,
    UNREPORTED_S, Verdict, Vote, voters_on,
};
pub use salt::SaltApprovals;
pub(crate) use use_once::consume;
pub use use_once::{Asked, UseApproval};
pub use vote::CastVote;

use crate::code;
use evidence::time::Timestamp;
use uuid::Uuid;

use crate::decision::Reply;
use crate::identity::{Permission, Principal};
use crate::record::Sealed;
use crate::refusal::Refusal;
use crate::tables::Facts;

impl Approval {
    /// Whether the caller is the one who asked for it, and uses it: the user, or the agent on behalf of the user.
    fn is_of(&self, who: &Principal) -> bool {
        self.is_for(who) && self.agent_id == who.agent_id()
    }

    /// Whether the caller asked for it, or an agent did on the caller's behalf: then it is not for the caller to vote on.
    fn is_for(&self, who: &Principal) -> bool {
        let agent = who.agent_id();
        self.requested_by == who.user_id && (agent.is_none() || agent == self.agent_id)
    }

    /// Whether the caller may know of it: who asked for it, with whichever credential, and who reads all.
    fn is_shown_to(&self, who: &Principal) -> bool {
        (self.requested_by.is_some() && self.requested_by == who.user_id)
            || who.holds(Permission::ApprovalsRead)
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
    told(facts, sealed.row.clone(), sealed.version)
}

/// The answer about an approval that has this version now.
fn told(facts: &Facts, approval: Approval, version: u64) -> Reply {
    Reply::Approval {
        votes: votes(facts, approval.id),
        approval: approval.into(),
        version,
    }
}

fn find<'a>(facts: &'a Facts, id: Uuid, field: &str) -> Result<&'a Sealed<Approval>, Refusal> {
    found(facts.approvals.get(&id), id, field)
}

/// The same for who may know of it; for others it is not there.
fn find_for<'a>(
    who: &Principal,
    facts: &'a Facts,
    id: Uuid,
    field: &str,
) -> Result<&'a Sealed<Approval>, Refusal> {
    let shown = |known: &&Sealed<Approval>| known.row.is_shown_to(who);
    found(facts.approvals.get(&id).filter(shown), id, field)
}

fn found<T>(known: Option<T>, id: Uuid, field: &str) -> Result<T, Refusal> {
    known.ok_or_else(|| code::UNKNOWN_APPROVAL.absent(format_args!("approval {id}"), field))
}

/// Refuses what nothing can be done about any more.
fn check_undecided(approval: &Approval, open: &[ApprovalStatus], now: Timestamp) -> Result<(), Refusal> {
    let status = approval.status_at(now);
    if open.contains(&status) {
        return Ok(());
    }
    let (code, message) = if status == ApprovalStatus::Expired {
        let message = format!("the approval expired at {}: request another", approval.expires_at);
        (&code::APPROVAL_EXPIRED, message)
    } else {
        let message = format!("the approval is {} already", status.as_str());
        (&code::APPROVAL_DECIDED, message)
    };
    Err(code.because(message))
}
