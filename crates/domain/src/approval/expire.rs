//! Recording what the clock has ended already.

use super::{Approval, ApprovalStatus};
use crate::context::Caller;
use crate::prelude::*;

/// Records the expiry of those of these approvals that are past their time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExpireApprovals {
    /// Which.
    pub approvals: Vec<Uuid>,
}

impl Act for ExpireApprovals {
    act! { action: APPROVAL_EXPIRE, changes_access: false, target: none, refusals: none }

    fn needs(&self, _: &Rules, needs: &mut Needs) {
        needs.approvals(self.approvals.iter().copied());
    }

    fn decide(&self, facts: &Facts, _: &By<'_>, ctx: &Context) -> Result<Decision, Refusal> {
        let clock = Principal::of(&Caller::System { part: "expiry" }, facts, ctx.now)?;
        let authority = clock.without_authority();
        let mut facts = facts.clone();
        let mut drafts = Vec::new();
        for (id, number) in self.approvals.iter().zip(0_u32..) {
            let open = [ApprovalStatus::Pending, ApprovalStatus::Granted];
            let due = facts.approvals.get(id).filter(|sealed| {
                let status = sealed.row.status_at(ctx.now);
                open.contains(&sealed.row.status) && status == ApprovalStatus::Expired
            });
            let Some(before) = due else { continue };
            let part = ctx.part(number);
            let mut change = Change::new(&By::new(&clock, &authority), &part);
            let after = Approval {
                status: ApprovalStatus::Expired,
                ..before.row.clone()
            };
            change.alter(before, after);
            let draft = change.draft(Self::ACTION.name, "approval", *id);
            // An id may be named twice.
            facts.apply(std::slice::from_ref(&draft));
            drafts.push(draft);
        }
        let reply = Reply::Expired(drafts.len() as u64);
        Ok(Decision { reply, drafts })
    }

    fn weight(&self) -> usize {
        self.approvals.len().max(1)
    }
}
