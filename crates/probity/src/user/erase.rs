//! `probity user erase`.

use clap::Args;
use views::UserErased;

use super::Who;
use crate::context::{caller, origin};
use crate::failure::Failure;
use crate::output::{counted, plain};
use crate::prompt;
use crate::verb::{Printout, Verb, Work, json};

/// Arguments of `probity user erase`.
#[derive(Debug, Args)]
pub struct EraseArgs {
    #[command(flatten)]
    who: Who,
    /// Why; kept in the entry that records the erasure
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// Do not ask, also on a terminal
    #[arg(short, long)]
    yes: bool,
}

impl Verb for EraseArgs {
    async fn run(self, work: &Work<'_>) -> Result<Printout, Failure> {
        let before = self.who.found(work).await?.row;
        let name = plain(&before.username);
        let question = format!(
            "This erases the names of user {name}, and the payload of every entry by or about it, for ever; its \
             sessions end and its keys are revoked."
        );
        prompt::confirm(self.yes, &question, "nothing was erased")?;
        let erased = work
            .engine
            .erase_user(&caller(), origin(), before.id, &self.reason)
            .await?;
        let entries = counted(erased.entries, "entry", "entries");
        let text = if before.erased_at.is_none() {
            let id = before.id;
            format!("User {name} is erased, with the payload of {entries}.\nIts id stays: {id}")
        } else {
            format!("This user was erased already; the payload of {entries} more is erased.")
        };
        Ok(Printout::text(json(&UserErased::of(&erased))?, text))
    }
}
