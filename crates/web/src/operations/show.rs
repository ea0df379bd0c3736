//! `GET /v1/operations/{id}`

use domain::code;
use engine::custody::OperationView;
use uuid::Uuid;

use super::shown::{OperationBody, Viewer};
use super::{PATH, UNKNOWN, example};
use crate::call::{Answer, Call, json, tagged};
use crate::custody::{self, absent};
use crate::openapi::{Content, Doc, Reply};
use crate::problem::Problem;

pub(crate) const DOC: Doc = Doc {
    id: "show_operation",
    tag: "custody",
    summary: "One operation",
    description: "As the clock has it: a pending one past its time is cancelled, whether or not that is written down \
                  yet. `on_hold` is there while it waits for a tier that has expired. What somebody else has posted \
                  is shown only to callers who hold `custody:read`.",
    parameters: &[PATH],
    replies: &[Reply {
        headers: &[("ETag", "The operation's version.")],
        ..Reply::new(
            "200",
            "The operation.",
            &[Content::new(
                "application/json",
                r##"{"$ref":"#/components/schemas/Operation"}"##,
                example!(),
            )],
        )
    }],
    problems: &[UNKNOWN],
    ..Doc::EMPTY
};

pub(crate) async fn handle(mut call: Call) -> Answer {
    call.query(&DOC)?;
    let id = call.id("operation").await?;
    let all = custody::reads_all(&call)?;
    let view = visible(&call, id, all).await?;
    let body = json(&OperationBody::of(&view, Viewer::of(&call)?))?;
    Ok(tagged(body, view.version))
}

/// The operation of this id. Somebody else's is not there for callers who do not see `all`.
pub(super) async fn visible(call: &Call, id: Uuid, all: bool) -> Result<OperationView, Problem> {
    let own = Some(call.identity()?.user.id);
    let found = call.app.engine.operation(id).await?;
    let seen = found.filter(|view| all || view.debit.user() == own || view.credit.user() == own);
    seen.ok_or_else(|| absent(&code::UNKNOWN_OPERATION, "id", format_args!("operation {id}")))
}
