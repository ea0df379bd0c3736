//! `probity key list`.

use clap::Args;
use serde_json::json;

use super::{COLUMNS, all, read_as_json, row};
use crate::context::Context;
use crate::failure::{Exit, Failure};
use crate::{output, parse, table, user};

/// Arguments of `probity key list`.
#[derive(Debug, Args)]
pub struct ListArgs {
    /// Of this owner: name, id or e-mail address
    #[arg(long, value_name = "NAME")]
    user: Option<String>,
}

pub async fn run(context: &Context, args: ListArgs) -> Result<Exit, Failure> {
    context
        .with_engine(async |engine| {
            let owner = match &args.user {
                Some(text) => Some(user::find(engine, text).await?.row),
                None => None,
            };
            let keys = all(engine, owner.as_ref().map(|owner| owner.id)).await?;
            if context.json() {
                let keys: Vec<_> = keys.iter().map(read_as_json).collect();
                output::json(&json!({ "keys": keys }))?;
            } else if keys.is_empty() {
                let (whose, user) = owner.map_or_else(Default::default, |owner| {
                    let name = owner.username;
                    (format!(" of user {name}"), format!(" --user {name}"))
                });
                context.remark(&format!(
            "There is no API key{whose}; make one with:\n  probity key create --name ci --scopes read{user}"
        ));
            } else {
                let now = parse::now();
                let rows: Vec<_> = keys.iter().map(|read| row(read, now)).collect();
                output::line(&table::lines(&COLUMNS, &rows, table::width()).join("\n"))?;
            }
            Ok(Exit::Ok)
        })
        .await
}
