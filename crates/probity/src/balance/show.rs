//! `probity balance show`.

use clap::Args;
use domain::custody::{Account, Amount, Asset};
use engine::Engine;
use engine::custody::BalanceState;
use evidence::Timestamp;
use views::{BalanceThen, BalanceView};

use super::never_opened;
use crate::account::{self, People};
use crate::context::Context;
use crate::failure::{Exit, Failure};
use crate::output::{self, minute};
use crate::{parse, table};

/// Arguments of `probity balance show`.
#[derive(Debug, Args)]
pub struct ShowArgs {
    /// user:NAME, house:NAME, or the id of a balance
    account: String,
    /// Of this asset: code or id; not needed with the id of a balance
    #[arg(long, value_name = "CODE")]
    asset: Option<String>,
    /// As it was at this time: 2026-11-21T08:30:00Z, 2026-11-21, or 7d ago
    #[arg(long, value_name = "TIME", value_parser = parse::past)]
    at: Option<Timestamp>,
}

pub async fn run(context: &Context, args: ShowArgs) -> Result<Exit, Failure> {
    context
        .with_engine(async |engine| {
            let (account, asset) = account::find(engine, &args.account, args.asset.as_deref()).await?;
            let name = People::default().account(engine, account).await?;
            if let Some(at) = args.at {
                at_time(context, engine, (account, &name), &asset, at).await?;
            } else {
                let state = engine.balance(account.id()).await?;
                let state = state.ok_or_else(|| never_opened(&name, &asset))?;
                if context.json() {
                    output::json(&BalanceView::of(&state))?;
                } else {
                    output::line(&table::pairs(&pairs(&state, &name), table::width()).join("\n"))?;
                }
            }
            Ok(Exit::Ok)
        })
        .await
}

async fn at_time(
    context: &Context,
    engine: &Engine,
    (account, name): (Account, &str),
    asset: &Asset,
    at: Timestamp,
) -> Result<(), Failure> {
    let then = BalanceThen::of(engine, account, at).await?;
    if context.json() {
        return output::json(&then);
    }
    let since = then.movement.map_or_else(
        || "nothing had moved by then".to_owned(),
        |line| format!("entry {}: {} {}", line.entry, line.kind.as_str(), line.operation),
    );
    let pairs = [
        ("Account", name.to_owned()),
        ("At", at.to_string()),
        ("Posted", asset.words(then.posted.0)),
        ("Made so by", since),
    ];
    output::line(&table::pairs(&pairs, table::width()).join("\n"))
}

fn pairs(state: &BalanceState, name: &str) -> Vec<(&'static str, String)> {
    let words = |amount: Amount| state.asset.words(amount);
    let bound = |amount: Option<Amount>| amount.map_or("none".to_owned(), words);
    let balance = &state.balance;
    let mut pairs = vec![
        ("Account", name.to_owned()),
        ("Id", balance.id.to_string()),
        ("Posted", words(balance.posted)),
        ("Held", words(state.held)),
        ("Available", words(state.available)),
        ("Minimum", bound(balance.minimum)),
        ("Maximum", bound(balance.maximum)),
        ("Opened", minute(balance.opened_at)),
    ];
    if let Some(at) = balance.closed_at {
        pairs.push(("Closed", minute(at)));
    }
    pairs.push(("Version", state.version.to_string()));
    pairs.push((
        "Moved by",
        format!("probity operation list --balance {}", balance.id),
    ));
    pairs
}
