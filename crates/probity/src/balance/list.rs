//! `probity balance list`.

use clap::Args;
use engine::Engine;
use engine::custody::BalanceState;
use serde_json::json;
use store::custody::BalanceFilter;
use uuid::Uuid;

use super::state_as_json;
use crate::account::People;
use crate::context::Context;
use crate::failure::{Exit, Failure};
use crate::output::{self, counted};
use crate::table::{self, Column, Elide, column, number};
use crate::user;

/// Balances that are read at once.
const CHUNK: u32 = 500;

/// Arguments of `probity balance list`.
#[derive(Debug, Args)]
pub struct ListArgs {
    /// Of this user: name, id or e-mail address
    #[arg(long, value_name = "NAME", conflicts_with = "house")]
    user: Option<String>,
    /// Of this asset: code or id
    #[arg(long, value_name = "CODE")]
    asset: Option<String>,
    /// House accounts only
    #[arg(long)]
    house: bool,
    /// Most balances to list; all unless given
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    limit: Option<u32>,
}

/// Balances that fulfil the filter, at most so many, and whether there are more.
async fn all(
    engine: &Engine,
    filter: &BalanceFilter,
    limit: Option<u32>,
) -> Result<(Vec<BalanceState>, bool), Failure> {
    let mut balances: Vec<BalanceState> = Vec::new();
    loop {
        let after = balances.last().map(|state| state.balance.id);
        let page = engine.balances(filter, after, CHUNK).await?;
        let last = page.len() < CHUNK as usize;
        balances.extend(page);
        if let Some(limit) = limit
            && balances.len() > limit as usize
        {
            balances.truncate(limit as usize);
            return Ok((balances, true));
        }
        if last {
            return Ok((balances, false));
        }
    }
}

/// Every balance of a user.
pub async fn of_user(engine: &Engine, user: Uuid) -> Result<Vec<BalanceState>, Failure> {
    let filter = BalanceFilter {
        user: Some(user),
        ..BalanceFilter::default()
    };
    Ok(all(engine, &filter, None).await?.0)
}

/// Lists.
pub async fn run(context: &Context, args: ListArgs) -> Result<Exit, Failure> {
    let engine = context.open().await?;
    let mut filter = BalanceFilter {
        house: args.house.then_some(true),
        ..BalanceFilter::default()
    };
    if let Some(name) = &args.user {
        filter.user = Some(user::find(&engine, name).await?.row.id);
    }
    if let Some(code) = &args.asset {
        filter.asset = Some(engine.asset_named(code).await?.id);
    }
    let (balances, more) = all(&engine, &filter, args.limit).await?;
    if context.json() {
        let balances: Vec<_> = balances.iter().map(state_as_json).collect();
        output::json(&json!({ "balances": balances, "more": more }))?;
    } else {
        let mut people = People::default();
        let mut rows = Vec::new();
        for state in &balances {
            let account = people.account(&engine, state.balance.account()).await?;
            rows.push(row(state, account));
        }
        let count = rows.len() as u64;
        if count > 0 {
            output::line(&lines(rows).join("\n"))?;
        }
        let more = if more { "; more with a higher --limit" } else { "" };
        context.remark(&format!("{}{more}", counted(count, "balance", "balances")));
    }
    engine.shutdown().await;
    Ok(Exit::Ok)
}

const COLUMNS: [Column; 6] = [
    column("account", Elide::End),
    column("asset", Elide::Never),
    number("posted"),
    number("held"),
    number("available"),
    column("state", Elide::Never),
];

/// A table of rows, in the order of their assets and accounts: ids are in no order that people know.
pub fn lines(mut rows: Vec<Vec<String>>) -> Vec<String> {
    rows.sort_unstable_by(|one, other| (&one[1], &one[0]).cmp(&(&other[1], &other[0])));
    table::lines(&COLUMNS, &rows, table::width())
}

/// A balance of this account.
pub fn row(state: &BalanceState, account: String) -> Vec<String> {
    let decimal = |amount: domain::custody::Amount| amount.to_decimal(state.asset.digits());
    let closed = state.balance.closed_at.is_some();
    vec![
        account,
        state.asset.code.clone(),
        decimal(state.balance.posted),
        decimal(state.held),
        decimal(state.available),
        if closed { "closed" } else { "open" }.to_owned(),
    ]
}
