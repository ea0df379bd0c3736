//! Destinations of withdrawals: a file per verb, and what they share.

pub(crate) mod add;
pub(crate) mod remove;

use domain::Reply as CommandReply;
use domain::custody::destination::Destination;
use views::DestinationView;

use crate::call::Call;
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

/// A destination as the answer.
const ANSWER: Reply = Reply::new("200", "The destination.", &[Content::shown::<DestinationView>()]);

/// A destination with the code of its asset, and whether it can be used now.
async fn shown(call: &Call, row: Destination) -> Result<DestinationView, Problem> {
    Ok(DestinationView::of(&call.app.engine, row).await?)
}

/// The destination that a command answered with.
fn destination(reply: CommandReply) -> Result<Destination, Problem> {
    match reply {
        CommandReply::Destination(row) => Ok(row),
        other => Err(Problem::internal(&format_args!("answered with {other:?}"))),
    }
}
