//! `probity balance configure`.

use clap::{ArgGroup, Args};
use domain::custody::balance::ConfigureBalance;
use domain::custody::{Amount, Asset};
use domain::{Command, FieldError, Reply};

use super::as_json;
use crate::account::{self, People, so_already, unexpected};
use crate::context::{Context, caller, origin};
use crate::failure::{Exit, Failure};
use crate::{output, table};

/// Arguments of `probity balance configure`.
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("change").args(["minimum", "maximum", "close", "open"]).required(true).multiple(true))]
pub struct ConfigureArgs {
    /// user:NAME, house:NAME, or the id of a balance
    account: String,
    /// Of this asset: code or id; not needed with the id of a balance
    #[arg(long, value_name = "CODE")]
    asset: Option<String>,
    /// What posted less held may not go below, or none
    #[arg(long, value_name = "AMOUNT|none")]
    minimum: Option<String>,
    /// What posted may not go above, or none
    #[arg(long, value_name = "AMOUNT|none")]
    maximum: Option<String>,
    /// Close it: nothing moves on it any more
    #[arg(long, conflicts_with = "open")]
    close: bool,
    /// Open it again
    #[arg(long)]
    open: bool,
}

/// A bound, or none.
fn bound(field: &str, text: &str, asset: &Asset) -> Result<Option<Amount>, FieldError> {
    if text == "none" {
        return Ok(None);
    }
    let wrong = |error| FieldError::new(field, format!("{error} ({} has {})", asset.code, asset.scale));
    Amount::parse(text, asset.digits()).map(Some).map_err(wrong)
}

/// Configures.
pub async fn run(context: &Context, args: ConfigureArgs) -> Result<Exit, Failure> {
    context
        .with_engine(async |engine| {
            let (account, asset) = account::find(engine, &args.account, args.asset.as_deref()).await?;
            let given = |field: &'static str, text: Option<String>| {
                text.map(|text| bound(field, &text, &asset)).transpose()
            };
            let minimum = given("minimum", args.minimum)?;
            let maximum = given("maximum", args.maximum)?;
            let command = Command::ConfigureBalance(ConfigureBalance {
                balance: account.id(),
                asset: asset.id,
                version: None,
                minimum,
                maximum,
                closed: (args.close || args.open).then_some(args.close),
            });
            let answer = engine.submit(&caller(), origin(), command).await?;
            let Reply::Balance { balance, version } = &answer.reply else {
                return Err(unexpected(&answer.reply));
            };
            if context.json() {
                output::json(&as_json(
                    balance,
                    *version,
                    &asset,
                    balance.held,
                    balance.available(),
                ))?;
            } else {
                let bound =
                    |amount: Option<Amount>| amount.map_or("none".to_owned(), |amount| asset.words(amount));
                let state = if balance.closed_at.is_some() {
                    "closed"
                } else {
                    "open"
                };
                output::line(&table::paragraph(&format!(
                    "The {} balance of {} is {state}: minimum {}, maximum {}.{}",
                    asset.code,
                    People::default().account(engine, account).await?,
                    bound(balance.minimum),
                    bound(balance.maximum),
                    so_already(&answer)
                )))?;
            }
            Ok(Exit::Ok)
        })
        .await
}
