//! Recording what the clock has ended already.

use uuid::Uuid;

use super::{Approval, ApprovalStatus};
use crate::action;
use crate::change::Change;
use crate::context::{Caller, Context};
use crate::decision::{Decision, Reply};
use crate::facts::Facts;
use crate::identity::Principal;
use crate::refusal::Refusal;

/// Records the expiry of those of these approvals that are past their time.
pub fn expire(facts: &Facts, approvals: &[Uuid], ctx: &Context) -> Result<Decision, Refusal> {
    let clock = Principal::of(&Caller::System { part: "expiry" }, facts, ctx.now)?;
    let authority = clock.without_authority();
    let mut facts = facts.clone();
    let mut drafts = Vec::new();
    for (id, number) in approvals.iter().zip(0_u32..) {
        let open = [ApprovalStatus::Pending, ApprovalStatus::Granted];
        let due = facts.approvals.get(id).filter(|sealed| {
            let status = sealed.row.status_at(ctx.now);
            open.contains(&sealed.row.status) && status == ApprovalStatus::Expired
        });
        let Some(before) = due else { continue };
        let part = ctx.part(number);
        let mut change = Change::new(&clock, &authority, &part);
        let after = Approval {
            status: ApprovalStatus::Expired,
            ..before.row.clone()
        };
        change.alter(before, after);
        let draft = change.draft(action::APPROVAL_EXPIRE.name, "approval", *id);
        // An id may be named twice.
        facts.apply(std::slice::from_ref(&draft));
        drafts.push(draft);
    }
    let reply = Reply::Expired(drafts.len() as u64);
    Ok(Decision { reply, drafts })
}
