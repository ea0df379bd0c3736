//! `DELETE /v1/destinations/{id}`

use domain::Command;
use domain::custody::destination::RemoveDestination;

use super::{ANSWER, PATH, UNKNOWN, destination, shown};
use crate::call::{Answer, Call, json};
use crate::openapi::Doc;

pub(crate) const DOC: Doc = Doc {
    id: "remove_destination",
    tag: "destinations",
    summary: "Remove a destination",
    description: "Nothing new is withdrawn there; what was withdrawn keeps it. The same address may be added again, \
                  and waits again. Removing one again is no error.",
    parameters: &[PATH],
    replies: &[ANSWER],
    problems: &[UNKNOWN],
    ..Doc::EMPTY
};

pub(crate) async fn handle(mut call: Call) -> Answer {
    call.query(&DOC)?;
    let id = call.id("destination").await?;
    let command = Command::RemoveDestination(RemoveDestination { destination: id });
    let engine = &call.app.engine;
    let answer = engine.submit(call.caller()?, call.origin(), command).await?;
    json(&shown(&call, destination(answer.reply)?).await?)
}
