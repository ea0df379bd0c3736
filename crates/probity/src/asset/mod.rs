//! `probity asset`: a file per verb.

mod create;
mod supply;

use views::Asset;

use crate::nouns::{self, ListArgs, ShowArgs};
use crate::verb::verbs;

verbs! {
    /// What can be done about assets.
    AssetCommand {
        /// Make an asset with its house accounts; it never changes
        #[command(after_help = "Example:\n  probity asset create BTC --name Bitcoin --scale 8 --chain bitcoin")]
        Create(create::CreateArgs),
        /// List assets, oldest first
        #[command(after_help = "Example:\n  probity asset list")]
        List(ListArgs<Asset>) => nouns::list,
        /// Show an asset
        #[command(after_help = "Example:\n  probity asset show BTC")]
        Show(ShowArgs<Asset>) => nouns::show,
        /// Show what there is of an asset, and that it sums to zero; exits 1 when not
        #[command(after_help = "Example:\n  probity asset supply BTC")]
        Supply(supply::SupplyArgs) => supply::run,
    }
}
