//! Using an approval: once, by who asked for it, for exactly what was asked.

use super::row::{Approval, ApprovalOutcome, ApprovalStatus, INTERNAL, Verdict};
use crate::prelude::*;

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

/// Refuses unless the approval is good for what is asked, in the order of the codes in `docs/custody.md`.
fn check<'a>(
    facts: &'a Facts,
    id: Uuid,
    asked: &Asked<'_>,
    who: &Principal,
    now: Timestamp,
) -> Result<&'a Sealed<Approval>, Refusal> {
    let refuse = |code: &Code, message: String| Err(code.because(message).field("approval"));
    let sealed = super::find_for(who, facts, id, "approval")?;
    let approval = &sealed.row;
    if !approval.is_of(who) {
        let message = "only who asked for an approval uses it: the agent, with a key of its own".to_owned();
        return refuse(&code::APPROVAL_NOT_OWN, message);
    }
    let differs = if approval.action != asked.action {
        Some(format!(
            "the approval is for the action {}, not for {}",
            approval.action, asked.action
        ))
    } else if !approval.is_for_these(asked.arguments) {
        Some("the approval is for other arguments than these, and was not used: send exactly those, or ask anew".to_owned())
    } else {
        None
    };
    if let Some(message) = differs {
        return refuse(&code::APPROVAL_DIFFERS, message);
    }
    let status = approval.status_at(now);
    if status != ApprovalStatus::Granted {
        let then = match status {
            ApprovalStatus::Pending => "wait for it",
            _ => "ask for another one",
        };
        let message = format!(
            "the approval is {}; only a granted one can be used, once: {then}",
            status.as_str()
        );
        return refuse(&code::APPROVAL_NOT_GRANTED, message);
    }
    let votes = facts.votes.values().map(|vote| &vote.row);
    let approving = votes
        .filter(|vote| vote.approval_id == id && vote.approve)
        .count() as u64;
    if approving < asked.quorum {
        let message = format!(
            "{approving} voted for the approval, {} are needed: request one with this quorum",
            asked.quorum
        );
        return refuse(&code::APPROVAL_QUORUM, message);
    }
    Ok(sealed)
}

/// The approval once it is used.
fn used(approval: &Approval, now: Timestamp) -> Approval {
    Approval {
        status: ApprovalStatus::Used,
        used_at: Some(now),
        ..approval.clone()
    }
}

/// Uses an approval within another change: refuses, or adds to `change` that it is used now. What it is for is that change,
/// which is how it ended.
pub(crate) fn consume(
    change: &mut Change<'_>,
    facts: &Facts,
    id: Uuid,
    asked: &Asked<'_>,
    who: &Principal,
    now: Timestamp,
) -> Result<(), Refusal> {
    let before = check(facts, id, asked, who, now)?;
    let after = Approval {
        outcome: Some(ApprovalOutcome::Succeeded),
        outcome_at: Some(now),
        ..used(&before.row, now)
    };
    change.alter(before, after);
    Ok(())
}

impl Act for UseApproval {
    act! {
        action: APPROVAL_USE, changes_access: false, target: "approval" = approval,
        refusals: UNKNOWN_APPROVAL, APPROVAL_INTERNAL, APPROVAL_NOT_OWN, APPROVAL_DIFFERS,
            APPROVAL_NOT_GRANTED, APPROVAL_QUORUM
    }

    fn needs(&self, _: &Rules, needs: &mut Needs) {
        needs.approvals(Some(self.approval));
    }

    fn decide(&self, facts: &Facts, by: &By<'_>, ctx: &Context) -> Result<Decision, Refusal> {
        let id = self.approval;
        let before = super::find_for(by.who, facts, id, "approval")?;
        if self.action.starts_with(INTERNAL) {
            let message = format!(
                "an approval for {} is used by that self: send it with the approval's id as `approval`",
                self.action
            );
            return Err(code::APPROVAL_INTERNAL.because(message).field("action"));
        }
        let asked = Asked {
            action: &self.action,
            arguments: &self.arguments,
            quorum: match before.row.verdict {
                Some(Verdict::Allow) => 0,
                _ => before.row.quorum,
            },
        };
        check(facts, id, &asked, by.who, ctx.now)?;
        let after = used(&before.row, ctx.now);
        let mut change = Change::new(by, ctx);
        change.alter(before, after.clone());
        let draft = change.draft(Self::ACTION.name, "approval", id);
        let reply = super::told(facts, after, before.version + 1);
        Ok(Decision::one(reply, draft))
    }
}
