//! `probity balance show`.

use clap::Args;
use evidence::Timestamp;
use views::{Balance, BalanceThen, Show as _, Viewer};

use super::never_opened;
use crate::account;
use crate::context::Context;
use crate::failure::{Exit, Failure};
use crate::{nouns, output, parse, table};

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
            let Some(at) = args.at else {
                let found = Balance::find(engine, Viewer::OPERATOR, &account.id().to_string()).await?;
                let Some((view, _)) = found else {
                    return Err(never_opened(engine, account, &asset).await?);
                };
                return nouns::shown::<Balance>(context, engine, &view).await;
            };
            let then = BalanceThen::of(engine, account, at).await?;
            if context.json() {
                output::json(&then)?;
            } else {
                let pairs = nouns::pairs(engine, &then.details()).await?;
                output::line(&table::pairs(&pairs, table::width()).join("\n"))?;
            }
            Ok(Exit::Ok)
        })
        .await
}
