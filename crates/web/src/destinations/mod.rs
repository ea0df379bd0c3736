//! Destinations of withdrawals: a file per verb, and what they share.

pub(crate) mod add;
pub(crate) mod list;
pub(crate) mod remove;
pub(crate) mod show;

use domain::Reply as CommandReply;
use domain::custody::destination::Destination;
use evidence::Timestamp;
use serde::Serialize;
use uuid::Uuid;

use crate::call::Call;
use crate::custody::not_found;
use crate::openapi::{Content, Parameter, Reply};
use crate::problem::Problem;

/// The destination in the path.
const PATH: &[Parameter] = &[Parameter::path(
    "id",
    "The destination's id.",
    r#"{"type":"string","format":"uuid","examples":["01970000-0000-7000-8000-0000000000e1"]}"#,
)];

const UNKNOWN: (&str, &str, &str) = (
    "404",
    "unknown_destination",
    "there is no such destination, or you may not see it",
);

/// An example of a destination.
macro_rules! example {
    () => {
        r#"{"id":"01970000-0000-7000-8000-0000000000e1","user":"01970000-0000-7000-8000-0000000000ab","asset":"BTC","address":"bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq","label":"cold wallet","usable":false,"usable_at":"2026-11-21T08:00:00.000000Z","created_by":"01970000-0000-7000-8000-0000000000ab","created_at":"2026-11-20T08:00:00.000000Z","removed_at":null}"#
    };
}
pub(crate) use example;

/// A destination as the answer.
const ANSWER: Reply = Reply::new(
    "200",
    "The destination.",
    &[Content::new(
        "application/json",
        r##"{"$ref":"#/components/schemas/Destination"}"##,
        example!(),
    )],
);

/// A destination as answers show it.
#[derive(Serialize)]
struct DestinationBody {
    id: Uuid,
    user: Uuid,
    asset: String,
    address: String,
    label: Option<String>,
    usable: bool,
    usable_at: Timestamp,
    created_by: Option<Uuid>,
    created_at: Timestamp,
    removed_at: Option<Timestamp>,
}

/// A destination with the code of its asset, and whether it can be used now.
async fn shown(call: &Call, row: Destination) -> Result<DestinationBody, Problem> {
    let asset = call.app.engine.asset(row.asset_id).await?;
    let asset = asset.ok_or_else(|| Problem::internal(&"the asset of a destination is not there"))?;
    Ok(DestinationBody {
        id: row.id,
        user: row.user_id,
        asset: asset.code.clone(),
        usable: row.removed_at.is_none() && row.usable_at <= engine::now(),
        usable_at: row.usable_at,
        address: row.address,
        label: row.label,
        created_by: row.created_by,
        created_at: row.created_at,
        removed_at: row.removed_at,
    })
}

/// The destination that a command answered with.
fn destination(reply: CommandReply) -> Result<Destination, Problem> {
    match reply {
        CommandReply::Destination(row) => Ok(row),
        other => Err(Problem::internal(&format_args!("answered with {other:?}"))),
    }
}

fn unknown(id: Uuid) -> Problem {
    not_found(UNKNOWN.1, "id", format!("there is no destination {id}"))
}
