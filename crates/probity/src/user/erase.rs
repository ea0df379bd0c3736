//! `probity user erase`.

use clap::Args;

use super::{as_json, find};
use crate::context::{Context, caller, origin};
use crate::failure::{Exit, Failure};
use crate::output::{self, counted, plain};
use crate::prompt;

/// Arguments of `probity user erase`.
#[derive(Debug, Args)]
pub struct EraseArgs {
    /// User name, id or e-mail address
    #[arg(value_name = "NAME")]
    user: String,
    /// Why; kept in the entry that records the erasure
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// Do not ask, also on a terminal
    #[arg(short, long)]
    yes: bool,
}

/// Erases.
pub async fn run(context: &Context, args: EraseArgs) -> Result<Exit, Failure> {
    context.with_engine(async |engine| {
    let before = find(engine, &args.user).await?.row;
    let question = format!(
        "This erases the names of user {}, and the payload of every entry by or about it, for ever; its sessions \
         end and its keys are revoked.",
        plain(&before.username)
    );
    prompt::confirm(args.yes, &question, "nothing was erased")?;
    let erased = engine
        .erase_user(&caller(), origin(), before.id, &args.reason)
        .await?;
    if context.json() {
        let mut value = as_json(&erased.user, erased.version);
        value["erased_entries"] = erased.entries.into();
        output::json(&value)?;
    } else {
        let entries = counted(erased.entries, "entry", "entries");
        output::line(&if before.erased_at.is_none() {
            format!(
                "User {} is erased, with the payload of {entries}.\nIts id stays: {}",
                plain(&before.username),
                before.id
            )
        } else {
            format!("This user was erased already; the payload of {entries} more is erased.")
        })?;
    }
    Ok(Exit::Ok)
    }).await
}
