//! `probity audit erase`.

use clap::Args;
use domain::audit::erase::EraseEntries;
use domain::{Command, Reply};
use serde_json::json;

use crate::context::{Context, caller, origin};
use crate::failure::{Exit, Failure};
use crate::output::{self, counted};
use crate::prompt;

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

/// Erases.
pub async fn run(context: &Context, args: EraseArgs) -> Result<Exit, Failure> {
    context
        .with_engine(async |engine| {
            let entries = counted(args.entries.len() as u64, "entry", "entries");
            let question = format!("This erases the payload of {entries} for ever.");
            prompt::confirm(args.yes, &question, "nothing was erased")?;
            let command = Command::EraseEntries(EraseEntries {
                entries: args.entries,
                reason: args.reason,
            });
            let answer = engine.submit(&caller(), origin(), command).await?;
            let erased = if let Reply::Erased(count) = answer.reply {
                count
            } else {
                0
            };
            if context.json() {
                output::json(&json!({ "erased": erased, "entry": answer.entry }))?;
            } else {
                let recorded = answer
                    .entry
                    .map_or(String::new(), |entry| format!(", recorded as entry {entry}"));
                output::line(&format!(
                    "Erased {}{recorded}.",
                    counted(erased, "entry", "entries")
                ))?;
            }
            Ok(Exit::Ok)
        })
        .await
}
