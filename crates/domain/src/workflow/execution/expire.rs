//! Executions that end although nobody ends them: by the clock, with their agent's switch, with their user's erasure. Each end
//! is an entry of its own, found under the execution, and says how many steps there are.

use super::{AGENT_DISABLED, Execution, ExecutionStatus, Renewed};
use crate::prelude::*;

/// Most executions that one command ends.
pub const ENDED_MAX: usize = 500;

/// Records that those of these executions have failed whose lease, renewed until then, was not renewed again in time; and
/// that the others are cancelled whose agent was disabled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExpireExecutions {
    /// Which.
    pub executions: Vec<(Uuid, Renewed)>,
    /// Agents that may be disabled.
    pub agents: Vec<Uuid>,
}

impl Act for ExpireExecutions {
    act! { action: EXECUTION_EXPIRE, changes_access: false, target: none, refusals: none }

    fn needs(&self, _: &Rules, needs: &mut Needs) {
        needs.rows(&looks::EXECUTION, self.executions.iter().map(|(id, _)| id));
        needs.rows(&looks::AGENT_RELIED_ON, &self.agents);
    }

    fn decide(&self, facts: &Facts, by: &By<'_>, ctx: &Context) -> Result<Decision, Refusal> {
        let mut facts = facts.clone();
        let mut drafts = Vec::new();
        for ((id, renewed), number) in self.executions.iter().zip(0_u32..) {
            let Some(before) = facts.executions.get(id) else {
                continue;
            };
            let agent = before.row.agent_id.and_then(|id| facts.agents.get(&id));
            let part = ctx.part(number);
            let draft = if agent.is_some_and(|agent| !agent.row.active) && runs(before, *renewed, ctx) {
                cancel(before, Some(AGENT_DISABLED), by, &part)
            } else {
                let after = before.row.clone().as_of(*renewed, ctx.now);
                if after == before.row {
                    continue;
                }
                end(Self::ACTION, before, after, by, &part)
            };
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

/// Whether an execution goes on, by the clock.
fn runs(before: &Sealed<Execution>, renewed: Renewed, ctx: &Context) -> bool {
    let row = &before.row;
    row.status == ExecutionStatus::Running && row.lapses_at(renewed) > ctx.now
}

fn end(action: &Action, before: &Sealed<Execution>, after: Execution, by: &By<'_>, ctx: &Context) -> Draft {
    let mut change = Change::new(by, ctx);
    change.detail("steps", after.steps());
    let id = after.id;
    change.alter(before, after);
    change.draft(action.name, "execution", id)
}

fn cancel(before: &Sealed<Execution>, why: Option<&str>, by: &By<'_>, ctx: &Context) -> Draft {
    let after = Execution {
        status: ExecutionStatus::Cancelled,
        error_type: why.map(str::to_owned),
        finished_at: Some(ctx.now),
        ..before.row.clone()
    };
    end(&action::EXECUTION_CANCEL, before, after, by, ctx)
}

/// The entries that cancel those of these executions that go on and fulfil a condition. What has lapsed has failed, and the
/// sweeper writes it down.
pub(crate) fn cancel_each(
    facts: &Facts,
    executions: &[(Uuid, Renewed)],
    (only, why): (impl Fn(&Execution) -> bool, Option<&str>),
    by: &By<'_>,
    ctx: &Context,
) -> Vec<Draft> {
    let found = executions
        .iter()
        .zip(1_u32..)
        .filter_map(|((id, renewed), number)| {
            let before = facts.executions.get(id).filter(|found| only(&found.row))?;
            runs(before, *renewed, ctx).then(|| cancel(before, why, by, &ctx.part(number)))
        });
    found.collect()
}
