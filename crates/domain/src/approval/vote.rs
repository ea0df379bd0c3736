//! Voting: by a person, never on what one asked for oneself, nor on what one is paid by.

use evidence::leaf::RecorderKind;

use super::{ARGUMENTS_LEN_MAX, Approval, ApprovalStatus, REASON_LEN_MAX, Vote, paid};
use crate::own_id::derived_id;
use crate::prelude::*;
use crate::refusal::check_object;
use crate::workflow::execution::go_on;

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
    /// With a vote against it: what to ask for instead, as canonical JSON of at most 256 KiB, an object.
    pub suggested_arguments: Option<String>,
}

/// The id of a person's vote on an approval: there is never another.
fn id_of(approval: Uuid, user: Uuid) -> Uuid {
    derived_id("vote", &[approval.as_bytes(), user.as_bytes()])
}

fn check(command: &CastVote) -> Result<(), FieldError> {
    if let Some(suggested) = &command.suggested_arguments {
        if command.approve {
            let message =
                "only a vote against it suggests other arguments: what is granted is what was asked for";
            return Err(FieldError::new("suggested_arguments", message));
        }
        check_object("suggested_arguments", suggested, ARGUMENTS_LEN_MAX)?;
    }
    match &command.reason {
        Some(reason) => check_lines("reason", reason, REASON_LEN_MAX),
        None if command.approve => Ok(()),
        None => Err(FieldError::new("reason", "a vote against it says why")),
    }
}

/// The refusal of a voter who has a part in what is voted on.
fn partial(approval: &Approval, code: &Code, message: &str, other_than: &str) -> Refusal {
    let rule = BrokenRule {
        rule: message.to_owned(),
        lifted_by: format!(
            "who holds {}, and is not {other_than}",
            approval.voters().as_str()
        ),
        ..BrokenRule::default()
    };
    code.because(message).by(rule)
}

/// The user who votes, unless they asked for it or are paid by it.
fn voter(facts: &Facts, command: &CastVote, approval: &Approval, who: &Principal) -> Result<Uuid, Refusal> {
    let owner = approval.agent_id.is_some() && approval.owner_may_vote == Some(true);
    let Some(user) = who.user_id.filter(|_| owner || !approval.is_for(who)) else {
        let message = "nobody votes on what they asked for themselves, or what their agents asked for";
        return Err(partial(approval, &code::OWN_REQUEST, message, "the one who asks"));
    };
    if command.operation != paid::operation_of(approval) {
        let message = format!(
            "approval {} was not there yet when this vote was read: vote again",
            approval.id
        );
        return Err(code::UNKNOWN_APPROVAL.because(message).field("id"));
    }
    if paid::is_paid(facts, approval, user) {
        let message = "nobody votes on what they are paid by";
        return Err(partial(
            approval,
            &code::OWN_PAYMENT,
            message,
            "the one who is paid",
        ));
    }
    Ok(user)
}

/// What an approval is after a vote on it, `votes` with it included.
fn tally(before: &Approval, votes: &[Vote], ctx: &Context) -> Approval {
    let approving = votes.iter().filter(|vote| vote.approve).count() as u64;
    let status = if votes.iter().any(|vote| !vote.approve) {
        ApprovalStatus::Rejected
    } else if approving >= before.quorum {
        ApprovalStatus::Granted
    } else {
        return before.clone();
    };
    Approval {
        status,
        decided_at: Some(ctx.now),
        ..before.clone()
    }
}

impl Act for CastVote {
    act! {
        action: APPROVAL_VOTE, changes_access: false, target: "approval" = approval,
        refusals: INVALID_FIELD, UNKNOWN_APPROVAL, OWN_REQUEST, OWN_PAYMENT, APPROVAL_DECIDED,
            APPROVAL_EXPIRED
    }

    fn needs(&self, _: &Rules, needs: &mut Needs) {
        needs.approvals(Some(self.approval));
        needs.decided(self.approval);
        needs.rows(&looks::OPERATION, self.operation);
    }

    fn decide(&self, facts: &Facts, by: &By<'_>, ctx: &Context) -> Result<Decision, Refusal> {
        by.who.session_in_full()?;
        let before = super::find(facts, self.approval, "id")?;
        let authority = by.who.authorise(before.row.voters())?;
        let user_id = voter(facts, self, &before.row, by.who)?;
        check(self)?;
        let id = id_of(self.approval, user_id);
        let earlier = facts.votes.get(&id);
        let same = |earlier: &Vote| {
            let said = (earlier.approve, &earlier.reason, &earlier.suggested_arguments);
            said == (self.approve, &self.reason, &self.suggested_arguments)
        };
        if earlier.is_some_and(|earlier| same(&earlier.row)) {
            return Ok(Decision::nothing(super::reply(facts, before)));
        }
        super::check_undecided(&before.row, &[ApprovalStatus::Pending], ctx.now)?;
        let recorder = by.who.recorded_by;
        let session_id = recorder.id.filter(|_| recorder.kind == RecorderKind::Session);
        let vote = Vote {
            id,
            approval_id: self.approval,
            user_id,
            approve: self.approve,
            reason: self.reason.clone(),
            voted_at: ctx.now,
            session_id,
            second_factor: session_id
                .and_then(|id| facts.sessions.get(&id))
                .map(|session| session.row.second_factor),
            suggested_arguments: self.suggested_arguments.clone(),
        };
        // The newest is the last.
        let mut votes = super::votes(facts, self.approval);
        votes.retain(|other| other.id != id);
        votes.push(vote.clone());
        let after = tally(&before.row, &votes, ctx);
        let mut change = Change::new(&by.with(&authority), ctx);
        match earlier {
            Some(earlier) => change.update(earlier, vote),
            None => change.insert(vote),
        }
        let mut version = before.version;
        if after != before.row {
            change.alter(before, after.clone());
            go_on(&mut change, facts, &after, ctx.now);
            version += 1;
        }
        let draft = change.draft(Self::ACTION.name, "approval", self.approval);
        let reply = Reply::Approval {
            approval: after.into(),
            version,
            votes,
        };
        Ok(Decision::one(reply, draft))
    }
}
