//! Changing what is said of an agent.

use super::row::{Agent, check_words};
use super::to_change;
use crate::prelude::*;

/// Changes what is said of an agent. What is `None` stays.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UpdateAgent {
    /// Which.
    pub agent: Uuid,
    /// The version that the caller has seen.
    pub version: Option<u64>,
    /// What it is for, or nothing any more.
    pub description: Option<Option<String>>,
    /// Which release of it acts, or none any more.
    pub release: Option<Option<String>>,
}

impl Act for UpdateAgent {
    act! {
        action: AGENT_UPDATE, changes_access: false, target: "agent" = agent,
        refusals: INVALID_FIELD, UNKNOWN_AGENT, VERSION_MISMATCH
    }

    fn needs(&self, _: &Rules, needs: &mut Needs) {
        needs.row(&looks::AGENT, self.agent);
    }

    fn decide(&self, facts: &Facts, by: &By<'_>, ctx: &Context) -> Result<Decision, Refusal> {
        let (before, authority) = to_change(facts, self.agent, by.who)?;
        let text = |text: &Option<Option<String>>| text.clone().flatten();
        check_words(text(&self.description).as_deref(), text(&self.release).as_deref())?;
        code::check_version("agent", before.version, self.version)?;
        let mut after = before.row.clone();
        after.description = self.description.clone().unwrap_or(after.description);
        after.release = self.release.clone().unwrap_or(after.release);
        if after == before.row {
            return Ok(Decision::nothing(super::reply(before)));
        }
        let after = Agent {
            updated_at: ctx.now,
            ..after
        };
        let mut change = Change::new(&by.with(&authority), ctx);
        change.update(before, after.clone());
        let draft = change.draft(Self::ACTION.name, "agent", self.agent);
        Ok(Decision::one(Reply::Agent(after, before.version + 1), draft))
    }
}
