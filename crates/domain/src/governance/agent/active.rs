//! The switch of an agent: off by its owner or whoever keeps agents, on again by whoever keeps them.

use super::row::Agent;
use super::to_change;
use crate::approval;
use crate::identity::user;
use crate::prelude::*;
use crate::workflow::execution::{AGENT_DISABLED, ENDED_MAX, Execution, Renewed, cancel_each};

/// Disables an agent: its keys are refused, and what it asked for or was granted is withdrawn, what it has running is
/// cancelled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DisableAgent {
    /// Which.
    pub agent: Uuid,
    /// What it has running, with until when its leases were renewed: at most 500. What is left out, or begins until the agent
    /// is disabled, [`crate::workflow::execution::ExpireExecutions`] cancels.
    pub running: Vec<(Uuid, Renewed)>,
}

impl Agent {
    /// The same, disabled or enabled.
    #[must_use]
    pub(crate) fn with_active(&self, active: bool, now: Timestamp) -> Agent {
        Agent {
            active,
            updated_at: now,
            ..self.clone()
        }
    }
}

impl Act for DisableAgent {
    act! {
        action: AGENT_DISABLE, changes_access: true, target: "agent" = agent,
        refusals: UNKNOWN_AGENT
    }

    fn needs(&self, _: &Rules, needs: &mut Needs) {
        needs.row(&looks::AGENT, self.agent);
        needs.row(&looks::APPROVALS_OPEN_OF_AGENT, self.agent);
        needs.rows(&looks::EXECUTION, self.running.iter().map(|(id, _)| id));
    }

    fn decide(&self, facts: &Facts, by: &By<'_>, ctx: &Context) -> Result<Decision, Refusal> {
        let (before, authority) = to_change(facts, self.agent, by.who)?;
        if !before.row.active {
            return Ok(Decision::nothing(super::reply(before)));
        }
        let after = before.row.with_active(false, ctx.now);
        let by = by.with(&authority);
        let mut change = Change::new(&by, ctx);
        change.update(before, after.clone());
        approval::withdraw_all(&mut change, facts, self.agent, ctx.now);
        let mut drafts = vec![change.draft(Self::ACTION.name, "agent", self.agent)];
        let of_agent = |execution: &Execution| execution.agent_id == Some(self.agent);
        let why = Some(AGENT_DISABLED);
        let running = &self.running[..self.running.len().min(ENDED_MAX)];
        drafts.extend(cancel_each(facts, running, (of_agent, why), &by, ctx));
        let reply = Reply::Agent(after, before.version + 1);
        Ok(Decision { reply, drafts })
    }

    fn weight(&self) -> usize {
        self.running.len() + 1
    }
}

/// Enables an agent that was disabled. Its keys are good again; what was withdrawn stays withdrawn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EnableAgent {
    /// Which.
    pub agent: Uuid,
}

impl Act for EnableAgent {
    act! {
        action: AGENT_ENABLE, changes_access: true, target: "agent" = agent,
        refusals: UNKNOWN_AGENT, EXCEEDS_OWN, USER_ERASED
    }

    fn needs(&self, _: &Rules, needs: &mut Needs) {
        needs.row(&looks::AGENT, self.agent);
        needs.row(&looks::OWNER_OF_AGENT, self.agent);
    }

    fn decide(&self, facts: &Facts, by: &By<'_>, ctx: &Context) -> Result<Decision, Refusal> {
        let before = facts
            .agents
            .get(&self.agent)
            .ok_or_else(|| super::unknown(self.agent))?;
        // Its keys may do what its owner may: whoever makes them good again must be allowed that much.
        user::to_change(facts, before.row.user_id, by.who)?;
        if before.row.active {
            return Ok(Decision::nothing(super::reply(before)));
        }
        let after = before.row.with_active(true, ctx.now);
        let mut change = Change::new(by, ctx);
        change.update(before, after.clone());
        let draft = change.draft(Self::ACTION.name, "agent", self.agent);
        Ok(Decision::one(Reply::Agent(after, before.version + 1), draft))
    }
}
