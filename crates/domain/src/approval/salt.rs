//! Salting the digests of approvals that were there before digests had salts, so that what is erased of them cannot be guessed.

use super::Approval;
use super::request::CONTENT_SALT;
use crate::prelude::*;

/// Salts the digests of those of these approvals that have no salt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SaltApprovals {
    /// Which.
    pub approvals: Vec<Uuid>,
}

impl Act for SaltApprovals {
    act! { action: APPROVAL_SALT, changes_access: false, target: none, refusals: none }

    fn needs(&self, _: &Rules, needs: &mut Needs) {
        needs.rows(&looks::APPROVAL, self.approvals.iter().copied());
    }

    fn decide(&self, facts: &Facts, by: &By<'_>, ctx: &Context) -> Result<Decision, Refusal> {
        let mut ids = self.approvals.clone();
        ids.sort_unstable();
        ids.dedup();
        let mut drafts = Vec::new();
        for (id, number) in ids.into_iter().zip(0_u32..) {
            let unsalted =
                |sealed: &&Sealed<Approval>| sealed.row.content_salt.is_none() && !sealed.row.is_erased();
            let Some(before) = facts.approvals.get(&id).filter(unsalted) else {
                continue;
            };
            let part = ctx.part(number);
            let mut change = Change::new(by, &part);
            change.alter(before, before.row.clone().salted(part.salt(CONTENT_SALT)));
            // About the approval: the digest that was goes with the rest of what is erased.
            drafts.push(change.draft(Self::ACTION.name, "approval", id));
        }
        let reply = Reply::Done;
        Ok(Decision { reply, drafts })
    }

    fn weight(&self) -> usize {
        self.approvals.len().max(1)
    }
}
