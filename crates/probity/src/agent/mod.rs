//! `probity agent`: a file per verb.

mod active;
mod create;
mod update;

use clap::Args;
use engine::Answer;
use uuid::Uuid;
use views::{Agent, AgentView};

use crate::account;
use crate::failure::Failure;
use crate::nouns::{self, ListArgs, ShowArgs};
use crate::verb::{Printout, Work, json, verbs};

verbs! {
    /// What can be done about agents.
    AgentCommand {
        /// Make an agent, which acts on behalf of its owner
        #[command(after_help = "Example:\n  probity agent create triage --user ann --release 2.1.0")]
        Create(create::CreateArgs),
        /// List agents, oldest first
        #[command(after_help = "Example:\n  probity agent list --status active")]
        List(ListArgs<Agent>) => nouns::list,
        /// Show an agent: its owner, its release, and whether it may act
        #[command(after_help = "Example:\n  probity agent show triage")]
        Show(ShowArgs<Agent>) => nouns::show,
        /// Change what is said of an agent
        #[command(after_help = "Example:\n  probity agent update triage --release 2.2.0 --no-description")]
        Update(update::UpdateArgs),
        /// Disable an agent at once: its keys are refused, its approvals withdrawn, its runs cancelled
        #[command(after_help = "Example:\n  probity agent disable triage")]
        Disable(Which) is active::Disable,
        /// Enable a disabled agent
        #[command(after_help = "Example:\n  probity agent enable triage")]
        Enable(Which) is active::Enable,
    }
}

/// Which agent.
#[derive(Debug, Args)]
pub struct Which {
    /// Name or id of the agent
    #[arg(value_name = "NAME")]
    agent: String,
    /// Say what would come of it, and write nothing
    #[arg(long)]
    dry_run: bool,
}

impl Which {
    /// The id of the agent that it means.
    async fn found(&self, work: &Work<'_>) -> Result<Uuid, Failure> {
        Ok(account::agent(work.engine, &self.agent).await?.row.id)
    }
}

/// What was done to an agent, in a sentence or as the agent now is.
fn printout(answer: &Answer<(Agent, u64)>, text: impl FnOnce(&str) -> String) -> Result<Printout, Failure> {
    let (agent, version) = &answer.reply;
    let json = json(&AgentView::of(agent.clone(), *version))?;
    Ok(Printout::text(json, text(&agent.name)))
}
