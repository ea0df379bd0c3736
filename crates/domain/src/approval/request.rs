//! Asking for an approval, and taking it back.

use super::policy::{Question, Ruling};
use super::{
    ACTION_LEN_MAX, ARGUMENTS_LEN_MAX, Approval, ApprovalStatus, QUORUM_MAX, REASON_LEN_MAX, Verdict,
};
use crate::prelude::*;
use crate::refusal::check_object;
use crate::workflow::execution::{Renewed, go_on, waiting};

/// Asks for an approval.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestApproval {
    /// The caller's own id for it: the same id with the same content is the same approval.
    pub id: Option<Uuid>,
    /// The verb that it is for: 1 to 100 of `a-z`, `0-9`, `.`, `_`, `-`.
    pub action: String,
    /// What it is for, as canonical JSON of at most 256 KiB: an object.
    pub arguments: String,
    /// Why.
    pub reason: Option<String>,
    /// How many must vote for it, 1 to 10, where the one who asks says so; never fewer than the policy says.
    pub quorum: Option<u64>,
    /// From when it can be neither voted on nor used; otherwise as long as the policy or the installation says, which is
    /// also the most.
    pub expires_at: Option<Timestamp>,
    /// The execution that waits for it, and until when its lease was renewed last.
    pub execution: Option<(Uuid, Renewed)>,
}

/// The number of the salt of the arguments, apart from those of rows.
pub(super) const CONTENT_SALT: u32 = 1 << 30;

fn check_action(action: &str) -> Result<(), FieldError> {
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "._-".contains(c);
    if action.is_empty() || action.len() > ACTION_LEN_MAX || !action.chars().all(allowed) {
        let message = format!("must be 1 to {ACTION_LEN_MAX} characters of a-z, 0-9, '.', '_' and '-'");
        return Err(FieldError::new("action", message));
    }
    Ok(())
}

fn check(command: &RequestApproval) -> Result<(), FieldError> {
    own_id::check("id", command.id)?;
    check_action(&command.action)?;
    // One spelling: what voters read is what the digest is of.
    check_object("arguments", &command.arguments, ARGUMENTS_LEN_MAX)?;
    if let Some(reason) = &command.reason {
        check_lines("reason", reason, REASON_LEN_MAX)?;
    }
    if let Some(quorum) = command.quorum.filter(|quorum| !(1..=QUORUM_MAX).contains(quorum)) {
        let message = format!("must be 1 to {QUORUM_MAX}, not {quorum}");
        return Err(FieldError::new("quorum", message));
    }
    Ok(())
}

/// From when it can be neither voted on nor used.
fn expiry(command: &RequestApproval, seconds: i64, now: Timestamp) -> Result<Timestamp, FieldError> {
    let latest = now.plus_seconds(seconds);
    match command.expires_at {
        None => Ok(latest),
        Some(expires) if expires <= now => Err(FieldError::new("expires_at", "must be in the future")),
        Some(expires) if expires > latest => {
            let message = format!("must not be later than {seconds} seconds from now, {latest}");
            Err(FieldError::new("expires_at", message))
        }
        Some(expires) => Ok(expires),
    }
}

/// The field in which an approval is not what a command asks for.
fn difference(known: &Approval, command: &RequestApproval, who: &Principal) -> Option<&'static str> {
    let fields = [
        ("requested_by", known.is_of(who)),
        ("action", known.action == command.action),
        ("arguments", known.arguments == command.arguments),
        ("reason", known.reason == command.reason),
        ("quorum", known.wants(command.quorum)),
        (
            "expires_at",
            command.expires_at.is_none_or(|time| time == known.expires_at),
        ),
        (
            "execution",
            known.execution_id == command.execution.map(|(id, _)| id),
        ),
    ];
    fields.into_iter().find(|(_, same)| !same).map(|(field, _)| field)
}

impl Approval {
    /// Whether as many were asked to vote for it.
    fn wants(&self, quorum: Option<u64>) -> bool {
        match self.verdict {
            // Whoever wants a vote wants more than that.
            Some(Verdict::Allow) => self.asked_quorum == quorum,
            Some(_) => self.asked_quorum.unwrap_or(1) == quorum.unwrap_or(1),
            // Before there were policies everybody said it, or meant one.
            None => self.quorum == quorum.unwrap_or(1),
        }
    }
}

impl RequestApproval {
    /// The approval as it is made, by what the policies say.
    fn row(&self, facts: &Facts, who: &Principal, ctx: &Context) -> Result<Approval, FieldError> {
        let policies = &facts.rules.policies;
        let agent = who.agent_id().and(who.actor_name.as_deref());
        let Ruling {
            rule,
            verdict,
            quorum,
            expires_s,
            owner_may_vote,
        } = policies.rule(&Question::new(&self.action, agent, &self.arguments, self.quorum));
        let seconds = expires_s.unwrap_or(facts.rules.custody.approval_s);
        let status = match verdict {
            Verdict::Allow => ApprovalStatus::Granted,
            Verdict::Ask => ApprovalStatus::Pending,
            Verdict::Deny => ApprovalStatus::Rejected,
        };
        let approval = Approval {
            id: self.id.unwrap_or_else(|| ctx.id(1)),
            action: self.action.clone(),
            arguments: self.arguments.clone(),
            digest: Vec::new(),
            reason: self.reason.clone(),
            requested_by: who.user_id,
            requested_at: ctx.now,
            quorum,
            status,
            expires_at: expiry(self, seconds, ctx.now)?,
            decided_at: (verdict != Verdict::Ask).then_some(ctx.now),
            used_at: None,
            agent_id: who.agent_id(),
            execution_id: self.execution.map(|(id, _)| id),
            content_salt: None,
            verdict: Some(verdict),
            policy_digest: Some(policies.digest().to_vec()),
            policy_rule: rule.map(|rule| rule as u64),
            asked_quorum: self.quorum,
            owner_may_vote: owner_may_vote.then_some(true),
            outcome: None,
            outcome_at: None,
            result: None,
        };
        Ok(approval.salted(ctx.salt(CONTENT_SALT)))
    }
}

impl Act for RequestApproval {
    act! {
        action: APPROVAL_REQUEST, changes_access: false, target: none,
        refusals: INVALID_FIELD, ID_CONFLICT, UNKNOWN_EXECUTION, EXECUTION_FINISHED
    }

    fn needs(&self, _: &Rules, needs: &mut Needs) {
        needs.approvals(self.id);
        needs.rows(&looks::EXECUTION, self.execution.map(|(id, _)| id));
    }

    fn decide(&self, facts: &Facts, by: &By<'_>, ctx: &Context) -> Result<Decision, Refusal> {
        check(self)?;
        if let Some(known) = self.id.and_then(|id| facts.approvals.get(&id)) {
            return match difference(&known.row, self, by.who) {
                None => Ok(Decision::nothing(super::reply(facts, known))),
                Some(field) => {
                    let seen = known.row.is_shown_to(by.who);
                    Err(own_id::conflict_seen(seen, "approval", known.row.id, field))
                }
            };
        }
        // After the look for the same again, whose time may have come meanwhile.
        let approval = self.row(facts, by.who, ctx)?;
        let mut change = Change::new(by, ctx);
        change.insert(approval.clone());
        if let Some((id, renewed)) = self.execution {
            let (before, after) = waiting(facts, id, renewed, by.who, &approval, ctx.now)?;
            if approval.status == ApprovalStatus::Pending {
                change.alter(before, after);
            }
        }
        let draft = change.draft(Self::ACTION.name, "approval", approval.id);
        let reply = Reply::Approval {
            approval: approval.as_of(ctx.now).into(),
            version: 1,
            votes: Vec::new(),
        };
        Ok(Decision::one(reply, draft))
    }
}

impl Approval {
    fn withdrawn(&self, now: Timestamp) -> Approval {
        Approval {
            status: ApprovalStatus::Withdrawn,
            decided_at: Some(now),
            ..self.clone()
        }
    }
}

/// Takes back, within another change, whatever an agent asked for that is pending or granted.
pub(crate) fn withdraw_all(change: &mut Change<'_>, facts: &Facts, agent: Uuid, now: Timestamp) {
    let open = [ApprovalStatus::Pending, ApprovalStatus::Granted];
    let of_agent = facts
        .approvals
        .values()
        .filter(|sealed| sealed.row.agent_id == Some(agent) && open.contains(&sealed.row.status_at(now)));
    let mut approvals: Vec<_> = of_agent.collect();
    approvals.sort_unstable_by_key(|sealed| sealed.row.id);
    for before in approvals {
        change.alter(before, before.row.withdrawn(now));
    }
}

/// Takes an approval back that one asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WithdrawApproval {
    /// The approval.
    pub approval: Uuid,
}

impl Act for WithdrawApproval {
    act! {
        action: APPROVAL_WITHDRAW, changes_access: false, target: "approval" = approval,
        refusals: UNKNOWN_APPROVAL, NOT_REQUESTER, APPROVAL_DECIDED, APPROVAL_EXPIRED
    }

    fn needs(&self, _: &Rules, needs: &mut Needs) {
        needs.approvals(Some(self.approval));
        needs.decided(self.approval);
    }

    fn decide(&self, facts: &Facts, by: &By<'_>, ctx: &Context) -> Result<Decision, Refusal> {
        let before = super::find_for(by.who, facts, self.approval, "id")?;
        // What an agent asked for, the user on whose behalf it did takes back too.
        if !before.row.is_for(by.who) {
            let message =
                "only who asked for an approval takes it back; who may vote on it can vote against it";
            return Err(code::NOT_REQUESTER.because(message));
        }
        if before.row.status == ApprovalStatus::Withdrawn {
            return Ok(Decision::nothing(super::reply(facts, before)));
        }
        let open = [ApprovalStatus::Pending, ApprovalStatus::Granted];
        super::check_undecided(&before.row, &open, ctx.now)?;
        let after = before.row.withdrawn(ctx.now);
        let mut change = Change::new(by, ctx);
        change.alter(before, after.clone());
        go_on(&mut change, facts, &after, ctx.now);
        let draft = change.draft(Self::ACTION.name, "approval", self.approval);
        let reply = super::told(facts, after, before.version + 1);
        Ok(Decision::one(reply, draft))
    }
}
