//! `probity asset create`.

use clap::Args;
use domain::custody::Asset;
use domain::custody::asset::CreateAsset;
use uuid::Uuid;
use views::AssetView;

use crate::failure::Failure;
use crate::verb::{Printout, Verb, Work, json};

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

impl Verb for CreateArgs {
    async fn run(self, work: &Work<'_>) -> Result<Printout, Failure> {
        let command = CreateAsset {
            id: self.id,
            code: self.code,
            name: self.name,
            scale: self.scale,
            chain: self.chain,
        };
        let answer = work.submit::<Asset>(command).await?;
        let Asset { code, scale, .. } = &answer.reply;
        let sentence = format!("Asset {code} is made, with {scale} digits after the point.");
        Ok(Printout::sentence(
            &answer,
            json(&AssetView::of(&answer.reply))?,
            &sentence,
        ))
    }
}
