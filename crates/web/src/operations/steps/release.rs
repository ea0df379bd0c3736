//! `POST /v1/operations/{id}/release`

use domain::custody::operation::Step;
use serde::Deserialize;

use super::{ANSWER, Asked, IF_MATCH, Who, problems};
use crate::call::{Answer, Call};
use crate::idempotency;
use crate::openapi::{Content, Doc};
use crate::operations::PATH;
use domain::custody::operation::steps::Release;

pub(crate) const DOC: Doc = Doc {
    id: "release_operation",
    tag: "custody",
    summary: "End a pending transfer",
    description: "What it still holds is free again: `completed` where some of it was captured, `cancelled` otherwise. \
                  With `custody:own` one ends what one asked for oneself, of one's own balance.",
    body: Some(Content::json(
        r#"{"type":"object","additionalProperties":false,"properties":{"reason":{"type":"string","minLength":1,"maxLength":1000}}}"#,
        &[("why", r#"{"reason":"sold out"}"#)],
    )),
    parameters: &[PATH, IF_MATCH, idempotency::DRY_RUN],
    replies: &[ANSWER],
    problems: problems!(),
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Input {
    reason: Option<String>,
}

pub(crate) async fn handle(mut call: Call) -> Answer {
    let asked = Asked::read(&mut call, &DOC, Who::Owners).await?;
    let input: Input = call.input().await?;
    let reason = input.reason;
    asked.take(&call, Step::Release(Release { reason })).await
}
