//! `probity workflow start`.

use clap::Args;
use domain::workflow::execution::{LEASE_S_USUAL, StartExecution};
use evidence::json::{StrictObject, canonical};
use evidence::payload::DragMode;
use serde_json::Value;
use uuid::Uuid;

use super::printout;
use crate::account;
use crate::failure::Failure;
use crate::parse;
use crate::verb::{Printout, Verb, Work};

/// Arguments of `probity workflow start`.
#[derive(Debug, Args)]
pub struct StartArgs {
    /// The name of the workflow: 1 to 200 characters
    workflow: String,
    /// For whom: user name, id or e-mail address
    #[arg(value_name = "NAME")]
    user: String,
    /// The agent that does it: name or id
    #[arg(long, value_name = "AGENT")]
    agent: Option<String>,
    /// The conversation that it belongs to
    #[arg(long, value_name = "ID")]
    conversation: Option<Uuid>,
    /// The execution that it is a part of
    #[arg(long, value_name = "ID")]
    parent: Option<Uuid>,
    /// The trace that it belongs to
    #[arg(long, value_name = "TEXT")]
    trace: Option<String>,
    /// What sort of work it is: draft, research, analysis or grunt
    #[arg(long, value_name = "WORD", value_parser = parse::drag_mode)]
    drag_mode: Option<DragMode>,
    /// Who or what it is done by
    #[arg(long, value_name = "TEXT")]
    actor: Option<String>,
    /// What it is given: a JSON object
    #[arg(long, value_name = "JSON", value_parser = parse::object)]
    input: Option<StrictObject>,
    /// What it is for
    #[arg(long, value_name = "TEXT")]
    mission: Option<String>,
    /// How long a lease is, in seconds: 10 to 86400
    #[arg(long, value_name = "SECONDS", default_value_t = LEASE_S_USUAL)]
    lease: u64,
    /// An id of your own: the same id with the same content is the same execution
    #[arg(long)]
    id: Option<Uuid>,
    /// Say what would come of it, and do nothing
    #[arg(long)]
    dry_run: bool,
}

impl Verb for StartArgs {
    async fn run(self, work: &Work<'_>) -> Result<Printout, Failure> {
        let agent = match &self.agent {
            Some(agent) => Some(account::agent(work.engine, agent).await?.row.id),
            None => None,
        };
        let command = StartExecution {
            id: self.id,
            workflow: self.workflow,
            user: work.user(&self.user).await?.row.id,
            agent,
            conversation: self.conversation,
            parent: self.parent,
            trace_id: self.trace,
            drag_mode: self.drag_mode,
            actor: self.actor,
            input: self.input.map(|input| canonical(&Value::Object(input.0))),
            mission: self.mission,
            lease_s: self.lease,
        };
        let answer = work.submit_or_try(command, self.dry_run).await?;
        printout(work, &answer, self.dry_run).await
    }
}
