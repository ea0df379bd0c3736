//! `probity destination`: a file per verb.

mod add;
mod remove;

use clap::Subcommand;
use views::Destination;

use crate::context::Context;
use crate::failure::{Exit, Failure};
use crate::nouns::{self, ListArgs, ShowArgs};

/// The verbs.
#[derive(Debug, Subcommand)]
pub enum DestinationCommand {
    /// Add an address that a user may withdraw to, once it has cooled off
    #[command(after_help = "Example:\n  probity destination add ann bc1qexample --asset BTC --label vault")]
    Add(add::AddArgs),
    /// List destinations, oldest first
    #[command(after_help = "Example:\n  probity destination list --user ann")]
    List(ListArgs<Destination>),
    /// Show a destination: its address, its label, and from when it can be used
    #[command(after_help = "Example:\n  probity destination show 0197a3c4-5e6f-7a8b-9c0d-1e2f3a4b5c6d")]
    Show(ShowArgs<Destination>),
    /// Remove a destination
    #[command(after_help = "Example:\n  probity destination remove 0197a3c4-5e6f-7a8b-9c0d-1e2f3a4b5c6d")]
    Remove(remove::RemoveArgs),
}

/// Runs a verb.
pub async fn run(context: &Context, command: DestinationCommand) -> Result<Exit, Failure> {
    match command {
        DestinationCommand::Add(args) => add::run(context, args).await,
        DestinationCommand::List(args) => nouns::list(context, args).await,
        DestinationCommand::Show(args) => nouns::show(context, args).await,
        DestinationCommand::Remove(args) => remove::run(context, args).await,
    }
}
