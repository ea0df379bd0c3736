//! Looking at approvals, and what an approval of one of Probity's own verbs is bound to.

use std::collections::HashMap;

use domain::approval::{
    Approval, ApprovalOutcome, ApprovalStatus, CastVote, SaltApprovals, UNREPORTED_S, Verdict, Vote,
    operation_of,
};
use domain::record::{Field, Sealed};
use domain::{Caller, Command, FieldError, Origin, Refusal, Reply, action};
use evidence::{Timestamp, json};
use serde_json::Value;
use uuid::Uuid;

use super::{NewOperation, NewStep};
use crate::engine::Engine;
use crate::error::Error;
use crate::list::Condition;

/// Approvals whose digests are salted by one command.
const SALTED_AT_ONCE: u32 = 500;

/// An approval with its votes.
#[derive(Clone, Debug, PartialEq)]
pub struct ApprovalView {
    /// The approval as the clock has it.
    pub approval: Approval,
    /// Its version.
    pub version: u64,
    /// Its votes, oldest first.
    pub votes: Vec<Vote>,
}

impl TryFrom<Reply> for ApprovalView {
    type Error = Reply;

    fn try_from(reply: Reply) -> Result<ApprovalView, Reply> {
        let (approval, version, votes) = reply.try_into()?;
        Ok(ApprovalView {
            approval,
            version,
            votes,
        })
    }
}

/// What an approval is asked for.
#[derive(Clone, Debug, PartialEq)]
pub enum Proposal {
    /// A new operation, as it will be asked for.
    Operation(Box<NewOperation>),
    /// A step of an operation, as it will be asked for.
    Step(NewStep),
    /// Anything else: the arguments as they are.
    Other {
        /// The verb.
        action: String,
        /// The arguments: an object.
        arguments: Value,
    },
}

impl Engine {
    /// Salts the digests of approvals that were there before digests had salts.
    pub(crate) async fn salt_approvals(&self) -> Result<(), Error> {
        loop {
            let mut conn = self.db().reader().await?;
            let approvals = store::approvals::unsalted(&mut conn, SALTED_AT_ONCE).await?;
            drop(conn);
            if approvals.is_empty() {
                return Ok(());
            }
            let caller = Caller::System { part: "salts" };
            let command = SaltApprovals { approvals }.into();
            match self.submit(&caller, Origin::default(), command).await {
                // Nothing can be done with these until that is mended; all else goes on.
                Err(error @ Error::Tampered { .. }) => {
                    tracing::error!(%error, "digests of approvals are not salted");
                    return Ok(());
                }
                salted => drop(salted?),
            }
        }
    }

    /// How many approvals were used so long ago that what came of it should have been reported, and was not.
    pub async fn unreported_approvals(&self) -> Result<u64, Error> {
        let until = self.now().plus_seconds(-UNREPORTED_S);
        let mut conn = self.db().reader().await?;
        Ok(store::approvals::unreported(&mut conn, until).await?)
    }

    /// The verb and the arguments that an approval is bound to, as canonical JSON, and how many must vote for it where
    /// the rules of custody say so.
    pub async fn approval_arguments(
        &self,
        proposal: Proposal,
    ) -> Result<(String, String, Option<u64>), Error> {
        match proposal {
            Proposal::Operation(new) => {
                let command = self.prepare_operation(*new, None).await?;
                let quorum = self.quorum(command.debit.asset, command.kind).await?;
                Ok((
                    action::OPERATION_CREATE.name.to_owned(),
                    command.arguments(),
                    Some(quorum),
                ))
            }
            Proposal::Step(new) => {
                let command = self.prepare_step(new).await?;
                let found = self.operation(command.operation).await?;
                let kind = found.map(|view| view.operation.kind);
                let quorum = match kind {
                    Some(kind) => self.quorum(command.debit.asset, kind).await?,
                    None => 1,
                };
                Ok((
                    command.action().name.to_owned(),
                    command.arguments(),
                    Some(quorum),
                ))
            }
            Proposal::Other { action, arguments } => {
                if !arguments.is_object() {
                    return Err(Refusal::from(FieldError::new("arguments", "must be an object")).into());
                }
                Ok((action, json::canonical(&arguments), None))
            }
        }
    }

    /// A vote on an approval, with what it takes to see who is paid by what the approval is for.
    pub async fn prepare_vote(
        &self,
        approval: Uuid,
        approve: bool,
        reason: Option<String>,
        suggested_arguments: Option<String>,
    ) -> Result<Command, Error> {
        let found = self.row::<Approval>(approval).await?;
        Ok(Command::CastVote(CastVote {
            approval,
            operation: found.and_then(|sealed| operation_of(&sealed.row)),
            approve,
            reason,
            suggested_arguments,
        }))
    }

    /// How many others the rules want for operations of this kind that are above the threshold: at least one.
    async fn quorum(&self, asset: Uuid, kind: domain::custody::OperationKind) -> Result<u64, Error> {
        let asset = self.asset_of(asset).await?;
        let rule = self.rules().custody.threshold_on(&asset.code, kind);
        Ok(rule.map_or(1, |rule| rule.quorum.max(1)))
    }

    /// Approvals with their votes, as the clock has them.
    pub async fn approval_views(&self, found: Vec<Sealed<Approval>>) -> Result<Vec<ApprovalView>, Error> {
        let now = self.now();
        let ids = found.iter().map(|sealed| sealed.row.id);
        let mut votes: HashMap<Uuid, Vec<Vote>> = HashMap::new();
        for sealed in self.rows_of::<Vote>("approval_id", ids).await? {
            votes.entry(sealed.row.approval_id).or_default().push(sealed.row);
        }
        let view = |sealed: Sealed<Approval>| {
            let mut votes = votes.remove(&sealed.row.id).unwrap_or_default();
            votes.sort_unstable_by_key(|vote| (vote.voted_at, vote.id));
            ApprovalView {
                votes,
                version: sealed.version,
                approval: sealed.row.as_of(now),
            }
        };
        Ok(found.into_iter().map(view).collect())
    }

    /// An approval.
    pub async fn approval(&self, id: Uuid) -> Result<Option<ApprovalView>, Error> {
        let found = self.row::<Approval>(id).await?;
        Ok(self.approval_views(found.into_iter().collect()).await?.pop())
    }
}

/// The approvals that stand here as the clock has them at `now`.
pub fn approval_in_status(status: ApprovalStatus, now: Timestamp) -> Condition {
    let stored = |status: ApprovalStatus| Condition::Is("status", status.to_val());
    match status {
        ApprovalStatus::Pending | ApprovalStatus::Granted => {
            Condition::All(vec![stored(status), Condition::After("expires_at", now.into())])
        }
        ApprovalStatus::Rejected => Condition::All(vec![
            stored(status),
            Condition::Any(vec![
                Condition::Has("verdict", false),
                Condition::Is("verdict", Verdict::Ask.to_val()),
            ]),
        ]),
        ApprovalStatus::Denied => Condition::All(vec![
            stored(ApprovalStatus::Rejected),
            Condition::Is("verdict", Verdict::Deny.to_val()),
        ]),
        ApprovalStatus::Expired => Condition::Any(vec![
            stored(status),
            Condition::All(vec![
                Condition::Any(vec![
                    stored(ApprovalStatus::Pending),
                    stored(ApprovalStatus::Granted),
                ]),
                Condition::Until("expires_at", now.into()),
            ]),
        ]),
        status => stored(status),
    }
}

/// The approvals whose use ended so; or without an outcome, those of which it is missing at `now`.
pub fn approval_with_outcome(outcome: Option<ApprovalOutcome>, now: Timestamp) -> Condition {
    match outcome {
        Some(outcome) => Condition::Is("outcome", outcome.to_val()),
        None => Condition::All(vec![
            Condition::Has("used_at", true),
            Condition::Until("used_at", now.plus_seconds(-UNREPORTED_S).into()),
            Condition::Has("outcome", false),
            Condition::Has("verdict", true),
        ]),
    }
}
