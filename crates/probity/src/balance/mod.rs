//! `probity balance`: a file per verb.

mod configure;
mod show;
mod statement;

use domain::custody::{Account, Asset};
use engine::Engine;
use views::Balance;

use crate::account::People;
use crate::failure::Failure;
use crate::nouns::{self, ListArgs};
use crate::verb::verbs;

verbs! {
    /// What can be done about balances.
    BalanceCommand {
        /// List balances
        #[command(after_help = "Example:\n  probity balance list --asset BTC")]
        List(ListArgs<Balance>) => nouns::list,
        /// Show a balance, now or as it was at any time
        #[command(
            after_help = "ACCOUNT is user:NAME, house:omnibus, house:fees, house:suspense, house:external, or the id of a \
                balance.\n\nExample:\n  probity balance show user:ann --asset BTC --at 2026-11-21"
        )]
        Show(show::ShowArgs) => show::run,
        /// Show the movements of a balance, oldest first
        #[command(
            after_help = "Example:\n  probity balance statement user:ann --asset BTC --from 30d --csv > ann.csv"
        )]
        Statement(statement::StatementArgs) => statement::run,
        /// Change the bounds of a balance, or close or open it
        #[command(
            override_usage = "probity balance configure [OPTIONS] <ACCOUNT>",
            after_help = "At least one change is to be given.\n\nExample:\n  probity balance configure user:ann --asset BTC --maximum 2.5"
        )]
        Configure(configure::ConfigureArgs),
    }
}

/// The refusal of an account that never had anything of an asset.
async fn never_opened(engine: &Engine, account: Account, asset: &Asset) -> Result<Failure, Failure> {
    let name = People::default().account(engine, account).await?;
    let message = format!(
        "{name} has no balance of {}: nothing was ever moved there",
        asset.code
    );
    let hint = "see what there is: probity balance list";
    Ok(Failure::no("unknown_balance", message, hint))
}
