//! `probity asset list`.

use serde_json::json;

use super::as_json;
use crate::context::Context;
use crate::failure::{Exit, Failure};
use crate::output::{self, counted};
use crate::table::{self, Column, Elide, column, number};
use crate::verb::NoArgs;

/// Lists.
pub async fn run(context: &Context, _: NoArgs) -> Result<Exit, Failure> {
    let engine = context.open().await?;
    let assets = engine.all_assets().await?;
    if context.json() {
        let assets: Vec<_> = assets.iter().map(|asset| as_json(asset)).collect();
        output::json(&json!({ "assets": assets }))?;
    } else {
        let rows: Vec<_> = assets
            .iter()
            .map(|asset| {
                vec![
                    asset.code.clone(),
                    asset.name.clone(),
                    asset.scale.to_string(),
                    asset.chain.clone().unwrap_or_default(),
                    output::minute(asset.created_at),
                ]
            })
            .collect();
        if !rows.is_empty() {
            output::line(&table::lines(&COLUMNS, &rows, table::width()).join("\n"))?;
        }
        context.remark(&counted(rows.len() as u64, "asset", "assets"));
    }
    engine.shutdown().await;
    Ok(Exit::Ok)
}

const COLUMNS: [Column; 5] = [
    column("code", Elide::Never),
    column("name", Elide::End),
    number("scale"),
    column("chain", Elide::End),
    column("made (UTC)", Elide::Never),
];
