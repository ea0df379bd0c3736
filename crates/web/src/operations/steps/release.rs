//! `POST /v1/operations/{id}/release`

use domain::custody::operation::Step;

use super::{ANSWER, Asked, IF_MATCH, Who, problems};
use crate::call::{Answer, Call};
use crate::idempotency;
use crate::openapi::Doc;
use crate::operations::PATH;

pub(crate) const DOC: Doc = Doc {
    id: "release_operation",
    tag: "custody",
    summary: "End a pending transfer",
    description: "What it still holds is free again: `completed` where some of it was captured, `cancelled` otherwise. \
                  With `custody:own` one ends what one asked for oneself, of one's own balance.",
    parameters: &[PATH, IF_MATCH, idempotency::DRY_RUN],
    replies: &[ANSWER],
    problems: problems!(),
    ..Doc::EMPTY
};

pub(crate) async fn handle(mut call: Call) -> Answer {
    let asked = Asked::read(&mut call, &DOC, Who::Owners).await?;
    asked.take(&call, Step::Release).await
}
