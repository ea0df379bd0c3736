//! `POST /v1/executions`

use domain::code;
use domain::governance::agent::NAME_LEN_MAX as AGENT_LEN_MAX;
use domain::workflow::execution::{
    Execution, LEASE_S, LEASE_S_USUAL, StartExecution, TRACE_LEN_MAX, WORKFLOW_LEN_MAX,
};
use evidence::json::object_or_null;
use evidence::payload::{Aim, DragMode};

use crate::change::prelude::*;
use crate::conversations::kept;
use crate::{agents, custody, person};

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Start {
    /// Your own id: sending it again with the same content answers as the first time.
    id: Option<Id>,
    /// The name of the workflow.
    #[schemars(length(min = 1, max = WORKFLOW_LEN_MAX))]
    workflow: String,
    /// For whom: `me`, an id, or a name for callers who may read users.
    #[schemars(length(min = 1, max = custody::NAME_LEN_MAX), extend("default" = "me"))]
    user: Option<String>,
    /// The agent that does it, by name or id: one's own, or any for whoever keeps executions of everybody. Where an agent
    /// calls, it is that one.
    #[schemars(length(min = 1, max = AGENT_LEN_MAX))]
    agent: Option<String>,
    /// The conversation that it belongs to: the user's, and active.
    conversation: Option<Id>,
    /// The execution that it is a part of: the user's, and at most 15 deep itself.
    parent: Option<Id>,
    /// The trace that it belongs to.
    #[schemars(length(min = 1, max = TRACE_LEN_MAX))]
    trace_id: Option<String>,
    /// What sort of work it is.
    drag_mode: Option<DragMode>,
    /// Actor, input and mission. They are in no entry of the log: they go with the user.
    #[serde(default, deserialize_with = "object_or_null")]
    aim: Option<Aim>,
    /// How long a lease is, in seconds.
    #[schemars(range(min = *LEASE_S.start(), max = *LEASE_S.end()), extend("default" = LEASE_S_USUAL))]
    lease_s: Option<u64>,
}

impl Change for Start {
    type Of = (Execution, u64);
    type Act = StartExecution;

    const SAYS: Says = Says {
        id: "start_execution",
        summary: "Start an execution of a workflow",
        description: "It runs until it is completed, failed or cancelled, or its lease lapses: then it has failed with \
                      `lease_lapsed`, whether or not that is written down yet. `POST /v1/executions/{id}/heartbeat` \
                      renews the lease.",
        examples: &[
            ("plain", r#"{"workflow":"triage"}"#),
            (
                "for somebody else",
                r#"{"workflow":"triage","user":"ann","drag_mode":"analysis","aim":{"mission":"Find out who logged in"},"lease_s":60}"#,
            ),
        ],
        problems: &[&code::UNKNOWN_USER],
        checked_first: true,
        ..Says::MAKES
    };

    async fn command(self, asked: &Asked<'_>) -> Result<Command, Problem> {
        let aim = self.aim.unwrap_or_default();
        let agent = match &self.agent {
            Some(text) => Some(agents::named(asked.call, "agent", text).await?),
            None => None,
        };
        Ok(StartExecution {
            id: asked.own_id(self.id)?,
            workflow: self.workflow,
            user: person::named(asked.call, "user", self.user.as_deref()).await?,
            agent,
            conversation: self.conversation.map(|id| id.0),
            parent: self.parent.map(|id| id.0),
            trace_id: self.trace_id,
            drag_mode: self.drag_mode,
            actor: aim.actor,
            input: aim.input.map(kept),
            mission: aim.mission,
            lease_s: self.lease_s.unwrap_or(LEASE_S_USUAL),
        }
        .into())
    }
}
