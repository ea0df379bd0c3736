//! `probity audit erase`.

use clap::Args;
use domain::audit::erase::EraseEntries;
use serde_json::json;

use crate::failure::Failure;
use crate::output::counted;
use crate::prompt;
use crate::verb::{Printout, Verb, Work, recorded_note};

/// Arguments of `probity audit erase`.
#[derive(Debug, Args)]
pub struct EraseArgs {
    /// Indexes of the entries
    #[arg(required = true, value_name = "INDEX")]
    entries: Vec<u64>,
    /// Why; kept in the entry that records the erasure
    #[arg(long)]
    reason: String,
    /// Do not ask, also on a terminal
    #[arg(short, long)]
    yes: bool,
}

impl Verb for EraseArgs {
    async fn run(self, work: &Work<'_>) -> Result<Printout, Failure> {
        let entries = |number: u64| counted(number, "entry", "entries");
        let question = format!(
            "This erases the payload of {} for ever.",
            entries(self.entries.len() as u64)
        );
        prompt::confirm(self.yes, &question, "nothing was erased")?;
        let command = EraseEntries {
            entries: self.entries,
            reason: self.reason,
        };
        let answer = work.submit::<u64>(command).await?;
        let text = format!("Erased {}{}.", entries(answer.reply), recorded_note(&answer));
        Ok(Printout::text(
            json!({ "erased": answer.reply, "entry": answer.entry }),
            text,
        ))
    }
}
