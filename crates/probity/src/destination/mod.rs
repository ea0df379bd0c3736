//! `probity destination`: a file per verb.

mod add;
mod remove;

use views::Destination;

use crate::nouns::{self, ListArgs, ShowArgs};
use crate::verb::verbs;

verbs! {
    /// What can be done about destinations.
    DestinationCommand {
        /// Add an address that a user may withdraw to, once it has cooled off
        #[command(after_help = "Example:\n  probity destination add ann bc1qexample --asset BTC --label vault")]
        Add(add::AddArgs),
        /// List destinations, oldest first
        #[command(after_help = "Example:\n  probity destination list --user ann")]
        List(ListArgs<Destination>) => nouns::list,
        /// Show a destination: its address, its label, and from when it can be used
        #[command(after_help = "Example:\n  probity destination show 0197a3c4-5e6f-7a8b-9c0d-1e2f3a4b5c6d")]
        Show(ShowArgs<Destination>) => nouns::show,
        /// Remove a destination
        #[command(after_help = "Example:\n  probity destination remove 0197a3c4-5e6f-7a8b-9c0d-1e2f3a4b5c6d")]
        Remove(remove::RemoveArgs),
    }
}
