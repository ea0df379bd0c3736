//! Recording which leases have lapsed already.

use super::Renewed;
use crate::prelude::*;

/// Records that those of these executions have failed whose lease, renewed until then, was not renewed again in time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExpireExecutions {
    /// Which.
    pub executions: Vec<(Uuid, Renewed)>,
}

impl Act for ExpireExecutions {
    act! { action: EXECUTION_EXPIRE, changes_access: false, target: none, refusals: none }

    fn needs(&self, _: &Rules, needs: &mut Needs) {
        needs.rows(&looks::EXECUTION, self.executions.iter().map(|(id, _)| id));
    }

    fn decide(&self, facts: &Facts, by: &By<'_>, ctx: &Context) -> Result<Decision, Refusal> {
        let mut facts = facts.clone();
        let mut drafts = Vec::new();
        for ((id, renewed), number) in self.executions.iter().zip(0_u32..) {
            let Some(before) = facts.executions.get(id) else {
                continue;
            };
            let after = before.row.clone().as_of(*renewed, ctx.now);
            if after == before.row {
                continue;
            }
            let part = ctx.part(number);
            let mut change = Change::new(by, &part);
            change.detail("steps", after.steps());
            change.alter(before, after);
            let draft = change.draft(Self::ACTION.name, "execution", *id);
            facts.apply(std::slice::from_ref(&draft));
            drafts.push(draft);
        }
        Ok(Decision {
            reply: Reply::Expired(drafts.len() as u64),
            drafts,
        })
    }

    fn weight(&self) -> usize {
        self.executions.len().max(1)
    }
}
