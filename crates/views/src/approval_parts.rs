//! What there is of an approval beside itself: votes, what policies said, what came of it.

use domain::approval::{Approval, ApprovalOutcome, Verdict, Vote};
use evidence::{Timestamp, json};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};
use uuid::Uuid;

/// A vote on an approval.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(inline)]
pub struct VoteView {
    /// Who voted.
    pub user: Uuid,
    /// Whether for it.
    pub approve: bool,
    /// Why.
    pub reason: Option<String>,
    /// When.
    pub voted_at: Timestamp,
    /// The session in which; null for votes of before that was recorded.
    pub session: Option<Uuid>,
    /// Whether that session was logged in to with a second factor.
    pub second_factor: Option<bool>,
    /// With a vote against it: what to ask for instead. Nothing is granted by it.
    pub suggested_arguments: Option<Map<String, Value>>,
}

impl VoteView {
    pub(crate) fn of(vote: Vote) -> VoteView {
        VoteView {
            user: vote.user_id,
            approve: vote.approve,
            reason: vote.reason,
            voted_at: vote.voted_at,
            session: vote.session_id,
            second_factor: vote.second_factor,
            suggested_arguments: vote.suggested_arguments.as_deref().and_then(object),
        }
    }
}

/// What is stored as canonical JSON of an object.
pub(crate) fn object(text: &str) -> Option<Map<String, Value>> {
    serde_json::from_str(text).ok()
}

/// The setting that the policy in this place of the list is.
pub fn policy_setting(place: impl std::fmt::Display) -> String {
    format!("governance.policies[{place}]")
}

/// What the installation's policies say to an approval.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(inline)]
pub struct PolicyView {
    /// What was said.
    pub verdict: Verdict,
    /// The setting that decided, such as `governance.policies[2]`; null where none was about it, so that people vote.
    pub rule: Option<String>,
    /// SHA-256 of the policies, as entries of the action `privilege_permissions_changed` have them under
    /// `approval.policies`, in canonical JSON (RFC 8785); in lower-case hex.
    pub digest: String,
    /// Whether the owner of the agent that asks may vote.
    pub owner_may_vote: bool,
}

impl PolicyView {
    pub(crate) fn of(row: &Approval) -> Option<PolicyView> {
        Some(PolicyView {
            verdict: row.verdict?,
            rule: row.policy_rule.map(policy_setting),
            digest: json::hex(row.policy_digest.as_deref()?),
            owner_may_vote: row.owner_may_vote.unwrap_or(false),
        })
    }
}

/// What came of what an approval was used for.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(inline)]
pub struct OutcomeView {
    /// How it ended.
    pub outcome: ApprovalOutcome,
    /// When that was reported.
    pub at: Timestamp,
    /// What came of it.
    pub result: Option<Map<String, Value>>,
}

impl OutcomeView {
    pub(crate) fn of(row: &Approval) -> Option<OutcomeView> {
        Some(OutcomeView {
            outcome: row.outcome?,
            at: row.outcome_at?,
            result: row.result.as_deref().and_then(object),
        })
    }
}
