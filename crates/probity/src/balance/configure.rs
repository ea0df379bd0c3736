//! `probity balance configure`.

use std::sync::Arc;

use clap::{ArgGroup, Args};
use domain::FieldError;
use domain::custody::balance::ConfigureBalance;
use domain::custody::{Amount, Asset, Balance};
use engine::custody::{BalanceState, amount};
use views::BalanceView;

use crate::account::{self, People};
use crate::failure::Failure;
use crate::verb::{Printout, Verb, Work, json};

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
    let given = (text != "none").then(|| amount(field, text, asset));
    given.transpose()
}

impl Verb for ConfigureArgs {
    async fn run(self, work: &Work<'_>) -> Result<Printout, Failure> {
        let (account, asset) = account::find(work.engine, &self.account, self.asset.as_deref()).await?;
        let given = |field: &'static str, text: Option<String>| {
            text.map(|text| bound(field, &text, &asset)).transpose()
        };
        let command = ConfigureBalance {
            balance: account.id(),
            asset: asset.id,
            version: None,
            minimum: given("minimum", self.minimum)?,
            maximum: given("maximum", self.maximum)?,
            closed: (self.close || self.open).then_some(self.close),
        };
        let answer = work.submit::<(Balance, u64)>(command).await?;
        let (balance, version) = &answer.reply;
        let bound = |amount: Option<Amount>| amount.map_or("none".to_owned(), |amount| asset.words(amount));
        let sentence = format!(
            "The {} balance of {} is {}: minimum {}, maximum {}.",
            asset.code,
            People::default().account(work.engine, account).await?,
            if balance.closed_at.is_some() {
                "closed"
            } else {
                "open"
            },
            bound(balance.minimum),
            bound(balance.maximum),
        );
        let view = BalanceView::of(&BalanceState {
            held: balance.held,
            available: balance.available(),
            asset: Arc::clone(&asset),
            version: *version,
            balance: balance.clone(),
        });
        Ok(Printout::sentence(&answer, json(&view)?, &sentence))
    }
}
