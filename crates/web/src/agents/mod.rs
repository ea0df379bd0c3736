//! Agents: a file per verb, and what they share.

mod active;
mod create;
mod update;

pub(crate) use active::{Disable, Enable};
pub(crate) use create::Create;
pub(crate) use update::Update;

use domain::Reply as CommandReply;
use domain::code::{self, Code};
use domain::governance::Agent;
use uuid::Uuid;
use views::{AgentView, Show, Viewer};

use crate::call::Call;
use crate::change::Subject;
use crate::custody::absent;
use crate::openapi::{Content, Parameter};
use crate::problem::Problem;

/// The agent that a text means, where the caller may see it.
async fn seen(call: &Call, text: &str) -> Result<Option<Uuid>, Problem> {
    let viewer = Viewer::of(call.identity()?);
    let found = Agent::find(&call.app.engine, viewer, text).await?;
    Ok(found.map(|(agent, _)| agent.id))
}

/// The same; the problem says that there is none, or none that the caller may see.
pub(crate) async fn named(call: &Call, field: &str, text: &str) -> Result<Uuid, Problem> {
    let found = seen(call, text).await?;
    found.ok_or_else(|| absent(&code::UNKNOWN_AGENT, field, format_args!("agent {text:?}")))
}

/// An agent that a command changed, and its version.
impl Subject for (Agent, u64) {
    type View<'a> = AgentView;

    const NAME: &'static str = "agent";
    const TAG: &'static str = "governance";
    const LIST: &'static str = "/v1/agents";
    const UNKNOWN: &'static Code = &code::UNKNOWN_AGENT;
    const SHOWN: Content = Content::shown::<AgentView>();
    const PATH: Option<Parameter> = Some(Parameter::path(
        "id",
        "Name or id.",
        r#"{"type":"string","examples":["triage"]}"#,
    ));

    /// Where the caller sees no such agent, it is one that is not there: the command then decides as it would of any, so
    /// that whoever may not change agents learns nothing of which there are.
    async fn meant(call: &Call, text: &str) -> Result<Uuid, Problem> {
        Ok(seen(call, text).await?.unwrap_or_default())
    }

    async fn of(_: &Call, reply: CommandReply) -> Result<Option<(Agent, u64)>, Problem> {
        Ok(reply.try_into().ok())
    }

    fn version(&self) -> (Uuid, u64) {
        (self.0.id, self.1)
    }

    async fn view<'a>(&'a self, _: &'a Call) -> Result<AgentView, Problem> {
        Ok(AgentView::of(self.0.clone(), self.1))
    }

    /// The refusal without the id, which is not what was asked for.
    fn redacted(_: &Call, problem: Problem) -> Problem {
        problem.without_id(&code::UNKNOWN_AGENT, "agent")
    }
}
