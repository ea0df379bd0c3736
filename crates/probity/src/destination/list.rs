//! `probity destination list`.

use clap::Args;
use domain::custody::destination::Destination;
use serde_json::json;

use super::{as_json, state};
use crate::account::People;
use crate::context::Context;
use crate::failure::{Exit, Failure};
use crate::output::{self, counted};
use crate::table::{self, Column, Elide, column};
use crate::user;

/// Destinations that are read at once.
const CHUNK: u32 = 500;

/// Arguments of `probity destination list`.
#[derive(Debug, Args)]
pub struct ListArgs {
    /// Of this user: name, id or e-mail address
    #[arg(long, value_name = "NAME")]
    user: Option<String>,
    /// Removed ones too
    #[arg(long)]
    removed: bool,
}

/// Lists.
pub async fn run(context: &Context, args: ListArgs) -> Result<Exit, Failure> {
    let engine = context.open().await?;
    let of = match &args.user {
        Some(name) => Some(user::find(&engine, name).await?.row.id),
        None => None,
    };
    let mut found: Vec<Destination> = Vec::new();
    loop {
        let after = found.last().map(|destination| destination.id);
        let page = engine.destinations(of, args.removed, after, CHUNK).await?;
        let last = page.len() < CHUNK as usize;
        found.extend(page);
        if last {
            break;
        }
    }
    let (mut values, mut rows) = (Vec::new(), Vec::new());
    let mut people = People::default();
    for destination in &found {
        let asset = engine.asset_named(&destination.asset_id.to_string()).await?;
        if context.json() {
            values.push(as_json(destination, &asset));
        } else {
            rows.push(vec![
                destination.id.to_string(),
                people.name(&engine, destination.user_id).await?,
                asset.code.clone(),
                destination.address.clone(),
                state(destination),
            ]);
        }
    }
    if context.json() {
        output::json(&json!({ "destinations": values }))?;
    } else {
        if !rows.is_empty() {
            output::line(&table::lines(&COLUMNS, &rows, table::width()).join("\n"))?;
        }
        context.remark(&counted(rows.len() as u64, "destination", "destinations"));
    }
    engine.shutdown().await;
    Ok(Exit::Ok)
}

const COLUMNS: [Column; 5] = [
    column("id", Elide::Never),
    column("user", Elide::End),
    column("asset", Elide::Never),
    column("address", Elide::Start),
    column("state", Elide::Never),
];
