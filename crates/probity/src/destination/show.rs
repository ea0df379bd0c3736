//! `probity destination show`.

use clap::Args;
use uuid::Uuid;

use super::{as_json, state};
use crate::account::People;
use crate::context::Context;
use crate::failure::{Exit, Failure};
use crate::output::{self, minute};
use crate::table;

/// Arguments of `probity destination show`.
#[derive(Debug, Args)]
pub struct ShowArgs {
    /// Id of the destination
    destination: Uuid,
}

/// Shows.
pub async fn run(context: &Context, args: ShowArgs) -> Result<Exit, Failure> {
    let engine = context.open().await?;
    let destination = engine.destination(args.destination).await?.ok_or_else(|| {
        let message = format!("there is no destination {}", args.destination);
        Failure::no(
            "unknown_destination",
            message,
            "see what there is: probity destination list",
        )
    })?;
    let asset = engine.asset_named(&destination.asset_id.to_string()).await?;
    if context.json() {
        output::json(&as_json(&destination, &asset))?;
    } else {
        let mut people = People::default();
        let mut pairs = vec![
            ("Id", destination.id.to_string()),
            ("User", people.name(&engine, destination.user_id).await?),
            ("Asset", asset.code.clone()),
            ("Address", destination.address.clone()),
        ];
        pairs.extend(destination.label.clone().map(|label| ("Label", label)));
        pairs.extend([
            ("State", state(&destination)),
            ("Usable from", minute(destination.usable_at)),
            ("Added", minute(destination.created_at)),
            ("By", people.by(&engine, destination.created_by).await?),
        ]);
        pairs.extend(destination.removed_at.map(|at| ("Removed", minute(at))));
        output::line(&table::pairs(&pairs, table::width()).join("\n"))?;
    }
    engine.shutdown().await;
    Ok(Exit::Ok)
}
