//! `probity agent create`.

use clap::Args;
use domain::governance::agent::CreateAgent;
use uuid::Uuid;

use super::printout;
use crate::failure::Failure;
use crate::verb::{Printout, Verb, Work};

/// Arguments of `probity agent create`.
#[derive(Debug, Args)]
pub struct CreateArgs {
    /// Its name: a-z, 0-9, '.', '_' and '-'; it never changes
    name: String,
    /// Its owner, on whose behalf it acts: user name, id or e-mail address
    #[arg(long, value_name = "NAME", default_value = "admin")]
    user: String,
    /// What it is for
    #[arg(long, value_name = "TEXT")]
    description: Option<String>,
    /// Which release of it acts
    #[arg(long, value_name = "TEXT")]
    release: Option<String>,
    /// An id of your own: the same id with the same content is the same agent
    #[arg(long)]
    id: Option<Uuid>,
    /// Say what would come of it, and write nothing
    #[arg(long)]
    dry_run: bool,
}

impl Verb for CreateArgs {
    async fn run(self, work: &Work<'_>) -> Result<Printout, Failure> {
        let owner = work.user(&self.user).await?.row;
        let command = CreateAgent {
            id: self.id,
            name: self.name,
            description: self.description,
            release: self.release,
            user: owner.id,
        };
        let answer = work.submit_or_try(command, self.dry_run).await?;
        let owner = owner.username;
        printout(&answer, |name| match answer.entry {
            Some(_) => format!(
                "Agent {name} acts on behalf of {owner}. Make it a key:\n\
                 probity key create --agent {name} --name {name} --scopes workflows,governance,read"
            ),
            None if self.dry_run => format!("Agent {name} could be made. Nothing was written."),
            None => format!("Agent {name} was there already."),
        })
    }
}
