//! `probity asset`: a file per verb.

mod create;
mod list;
mod supply;

use clap::Subcommand;
use domain::custody::Asset;
use serde_json::{Value, json};

use crate::context::Context;
use crate::failure::{Exit, Failure};

/// The verbs.
#[derive(Debug, Subcommand)]
pub enum AssetCommand {
    /// Make an asset with its house accounts; it never changes
    #[command(after_help = "Example:\n  probity asset create BTC --name Bitcoin --scale 8 --chain bitcoin")]
    Create(create::CreateArgs),
    /// List assets, oldest first
    #[command(after_help = "Example:\n  probity asset list")]
    List,
    /// Show what there is of an asset, and that it sums to zero; exits 1 when not
    #[command(after_help = "Example:\n  probity asset supply BTC")]
    Supply(supply::SupplyArgs),
}

/// Runs a verb.
pub async fn run(context: &Context, command: AssetCommand) -> Result<Exit, Failure> {
    match command {
        AssetCommand::Create(args) => create::run(context, args).await,
        AssetCommand::List => list::run(context).await,
        AssetCommand::Supply(args) => supply::run(context, args).await,
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
