//! `probity destination`: a file per verb.

mod add;
mod list;
mod remove;
mod show;

use clap::Subcommand;
use domain::custody::Asset;
use domain::custody::destination::Destination;
use evidence::Timestamp;
use serde_json::{Value, json};

use crate::context::Context;
use crate::failure::{Exit, Failure};
use crate::parse;

/// The verbs.
#[derive(Debug, Subcommand)]
pub enum DestinationCommand {
    /// Add an address that a user may withdraw to, once it has cooled off
    #[command(after_help = "Example:\n  probity destination add ann bc1qexample --asset BTC --label vault")]
    Add(add::AddArgs),
    /// List destinations, oldest first
    #[command(after_help = "Example:\n  probity destination list --user ann")]
    List(list::ListArgs),
    /// Show a destination: its address, its label, and from when it can be used
    #[command(after_help = "Example:\n  probity destination show 0197a3c4-5e6f-7a8b-9c0d-1e2f3a4b5c6d")]
    Show(show::ShowArgs),
    /// Remove a destination
    #[command(after_help = "Example:\n  probity destination remove 0197a3c4-5e6f-7a8b-9c0d-1e2f3a4b5c6d")]
    Remove(remove::RemoveArgs),
}

/// Runs a verb.
pub async fn run(context: &Context, command: DestinationCommand) -> Result<Exit, Failure> {
    match command {
        DestinationCommand::Add(args) => add::run(context, args).await,
        DestinationCommand::List(args) => list::run(context, args).await,
        DestinationCommand::Show(args) => show::run(context, args).await,
        DestinationCommand::Remove(args) => remove::run(context, args).await,
    }
}

/// A destination as JSON.
fn as_json(destination: &Destination, asset: &Asset) -> Value {
    let time = |time: Option<Timestamp>| time.map(|time| time.to_string());
    json!({
        "id": destination.id,
        "user_id": destination.user_id,
        "asset": asset.code,
        "address": destination.address,
        "label": destination.label,
        "created_by": destination.created_by,
        "created_at": destination.created_at.to_string(),
        "usable_at": destination.usable_at.to_string(),
        "removed_at": time(destination.removed_at),
    })
}

/// Whether it can be used, in a word.
fn state(destination: &Destination) -> String {
    if destination.removed_at.is_some() {
        "removed"
    } else if destination.usable_at > parse::now() {
        "cooling"
    } else {
        "usable"
    }
    .to_owned()
}
