//! `GET /v1/destinations/{id}`

use domain::identity::Permission;

use super::{ANSWER, PATH, UNKNOWN, shown, unknown};
use crate::call::{Answer, Call, json};
use crate::openapi::Doc;

pub(crate) const DOC: Doc = Doc {
    id: "show_destination",
    tag: "destinations",
    summary: "One destination",
    description: "Whether it can be used, by the clock, and from when; one that was removed is still shown.",
    parameters: &[PATH],
    replies: &[ANSWER],
    problems: &[UNKNOWN],
    ..Doc::EMPTY
};

pub(crate) async fn handle(mut call: Call) -> Answer {
    call.query(&DOC)?;
    let id = call.id("destination").await?;
    let identity = call.identity()?;
    let all = identity.principal.holds(Permission::CustodyRead);
    let found = call.app.engine.destination(id).await?;
    let visible = found.filter(|row| all || row.user_id == identity.user.id);
    let row = visible.ok_or_else(|| unknown(id))?;
    json(&shown(&call, row).await?)
}
