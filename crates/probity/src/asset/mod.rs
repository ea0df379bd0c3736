//! `probity asset`: a file per verb.

mod create;
mod list;
mod supply;

use domain::custody::Asset;
use serde_json::{Value, json};

use crate::verb::{NoArgs, verbs};

verbs! {
    /// What can be done about assets.
    AssetCommand {
        /// Make an asset with its house accounts; it never changes
        #[command(after_help = "Example:\n  probity asset create BTC --name Bitcoin --scale 8 --chain bitcoin")]
        Create(create::CreateArgs),
        /// List assets, oldest first
        #[command(after_help = "Example:\n  probity asset list")]
        List(NoArgs) => list::run,
        /// Show what there is of an asset, and that it sums to zero; exits 1 when not
        #[command(after_help = "Example:\n  probity asset supply BTC")]
        Supply(supply::SupplyArgs) => supply::run,
    }
}

/// An asset as JSON.
fn as_json(asset: &Asset) -> Value {
    json!({
        "id": asset.id,
        "code": asset.code,
        "name": asset.name,
        "scale": asset.scale,
        "chain": asset.chain,
        "created_at": asset.created_at.to_string(),
    })
}
