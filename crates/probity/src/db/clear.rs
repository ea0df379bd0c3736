//! `probity db clear`: the database is gone. For development.

use std::io::{self, IsTerminal as _};

use clap::Args;
use engine::clear::clear;
use serde_json::json;

use crate::context::Context;
use crate::failure::{Exit, Failure};
use crate::output::{self, counted};
use crate::{prompt, table};

/// Arguments of `probity db clear`.
#[derive(Debug, Args)]
pub struct ClearArgs {
    /// Do not ask
    #[arg(long)]
    yes: bool,
}

pub async fn run(context: &Context, args: ClearArgs) -> Result<Exit, Failure> {
    super::not_in_production(context, "cleared")?;
    let options = context.options()?;
    let place = options.database.location.shown();
    if !args.yes && !io::stdin().is_terminal() {
        return Err(Failure::could_not_run(
            "not_confirmed",
            format!("everything in {place} would be removed, and nobody can be asked"),
            "say --yes",
        ));
    }
    let question =
        format!("Everything in {place} is removed: the log, users, balances. There is no way back.");
    prompt::confirm(args.yes, &question, "nothing was removed")?;
    let cleared = clear(&options).await?;
    if context.json() {
        output::json(&json!({
            "database": place,
            "entries": cleared.entries,
            "key": cleared.key.map(|key| key.display().to_string()),
        }))?;
        return Ok(Exit::Ok);
    }
    let what = match cleared.entries {
        None => format!("There was no log in {place}."),
        Some(entries) => format!("Removed {} from {place}.", counted(entries, "entry", "entries")),
    };
    let key = cleared.key.map(|key| {
        format!(
            "\nThe log's signing key is kept as {}: receipts and backups of it need it. The next log gets a key of its own.",
            key.display()
        )
    });
    output::line(&table::paragraph(&format!("{what}{}", key.unwrap_or_default())))?;
    Ok(Exit::Ok)
}
