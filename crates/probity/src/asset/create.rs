//! `probity asset create`.

use clap::Args;
use domain::custody::asset::CreateAsset;
use domain::{Command, Reply};
use uuid::Uuid;

use super::as_json;
use crate::account::{so_already, unexpected};
use crate::context::{Context, caller, origin};
use crate::failure::{Exit, Failure};
use crate::{output, table};

/// Arguments of `probity asset create`.
#[derive(Debug, Args)]
pub struct CreateArgs {
    /// Code: 1 to 16 characters of A-Z, a-z, 0-9, '.', '_' and '-'
    code: String,
    /// Name
    #[arg(long, value_name = "TEXT")]
    name: String,
    /// Digits after the point: 0 to 18
    #[arg(long, value_name = "N")]
    scale: u64,
    /// The chain that it lives on, such as bitcoin
    #[arg(long)]
    chain: Option<String>,
    /// An id of your own: the same id with the same content is the same asset
    #[arg(long)]
    id: Option<Uuid>,
}

/// Creates.
pub async fn run(context: &Context, args: CreateArgs) -> Result<Exit, Failure> {
    context
        .with_engine(async |engine| {
            let command = Command::CreateAsset(CreateAsset {
                id: args.id,
                code: args.code,
                name: args.name,
                scale: args.scale,
                chain: args.chain,
            });
            let answer = engine.submit(&caller(), origin(), command).await?;
            let Reply::Asset(asset) = &answer.reply else {
                return Err(unexpected(&answer.reply));
            };
            if context.json() {
                output::json(&as_json(asset))?;
            } else {
                output::line(&table::paragraph(&format!(
                    "Asset {} is made, with {} digits after the point.{}",
                    asset.code,
                    asset.scale,
                    so_already(&answer)
                )))?;
            }
            Ok(Exit::Ok)
        })
        .await
}
