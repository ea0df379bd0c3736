//! `probity agent update`.

use clap::Args;
use domain::governance::agent::UpdateAgent;

use super::{Which, printout};
use crate::account;
use crate::failure::Failure;
use crate::verb::{Printout, Verb, Work, recorded_note};

/// Arguments of `probity agent update`.
#[derive(Debug, Args)]
pub struct UpdateArgs {
    #[command(flatten)]
    which: Which,
    /// What it is for
    #[arg(long, value_name = "TEXT", conflicts_with = "no_description")]
    description: Option<String>,
    /// No description any more
    #[arg(long)]
    no_description: bool,
    /// Which release of it acts
    #[arg(long, value_name = "TEXT", conflicts_with = "no_release")]
    release: Option<String>,
    /// No release any more
    #[arg(long)]
    no_release: bool,
}

/// What is to be changed: to another text, to none, or not.
#[expect(clippy::option_option, reason = "it is what the command takes")]
fn change(text: Option<String>, none: bool) -> Option<Option<String>> {
    if none { Some(None) } else { text.map(Some) }
}

impl Verb for UpdateArgs {
    async fn run(self, work: &Work<'_>) -> Result<Printout, Failure> {
        let description = change(self.description, self.no_description);
        let release = change(self.release, self.no_release);
        if description.is_none() && release.is_none() {
            let hint = "give --description, --no-description, --release or --no-release";
            return Err(Failure::could_not_run("usage", "nothing is to be changed", hint));
        }
        let before = account::agent(work.engine, &self.which.agent).await?;
        let command = UpdateAgent {
            agent: before.row.id,
            version: Some(before.version),
            description,
            release,
        };
        let answer = work.submit_or_try(command, self.which.dry_run).await?;
        let then = match answer.entry {
            Some(_) => format!("is changed{}.", recorded_note(&answer)),
            None if self.which.dry_run => "could be so. Nothing was written.".to_owned(),
            None => "was so already.".to_owned(),
        };
        printout(&answer, |name| format!("Agent {name} {then}"))
    }
}
