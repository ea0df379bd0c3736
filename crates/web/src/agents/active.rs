//! `POST /v1/agents/{id}/disable`, `POST /v1/agents/{id}/enable`

use domain::governance::Agent;
use domain::governance::agent::{DisableAgent, EnableAgent};

use crate::change::prelude::*;

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Disable {}

impl Change for Disable {
    type Of = (Agent, u64);
    type Act = DisableAgent;

    const SAYS: Says = Says {
        id: "disable_agent",
        summary: "Disable an agent",
        description: "The kill switch, one command: its keys are refused, in other processes within a second, its \
                      pending and granted approvals are withdrawn, and its running executions cancelled, each by an \
                      entry of its own: 500 at once, the rest within seconds. What the agent did stays. Its owner \
                      may do it, and whoever keeps agents.",
        ..Says::CHANGES
    };

    async fn command(self, asked: &Asked<'_>) -> Result<Command, Problem> {
        let agent = asked.id;
        let (running, _) = asked.call.app.engine.running_of(Some(agent)).await?;
        Ok(DisableAgent { agent, running }.into())
    }
}

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Enable {}

impl Change for Enable {
    type Of = (Agent, u64);
    type Act = EnableAgent;

    const SAYS: Says = Says {
        id: "enable_agent",
        summary: "Enable an agent again",
        description: "Its keys are good again; what was withdrawn or cancelled stays so. It takes someone who keeps \
                      agents and may do whatever its owner may.",
        ..Says::CHANGES
    };

    async fn command(self, asked: &Asked<'_>) -> Result<Command, Problem> {
        // What it has running since before it was disabled is not to go on.
        asked.call.app.engine.stop_disabled().await?;
        Ok(EnableAgent { agent: asked.id }.into())
    }
}
