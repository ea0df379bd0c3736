//! `POST /v1/operations/{id}/fail`

use domain::custody::operation::Step;
use serde::Deserialize;

use super::{ANSWER, Asked, IF_MATCH, Who, problems};
use crate::call::{Answer, Call};
use crate::idempotency;
use crate::openapi::{Content, Doc};
use crate::operations::PATH;
use domain::custody::operation::steps::Fail;

pub(crate) const DOC: Doc = Doc {
    id: "fail_operation",
    tag: "custody",
    summary: "It did not happen",
    description: "From `pending` or `processing` to `failed`: what was held is free again.",
    parameters: &[PATH, IF_MATCH, idempotency::DRY_RUN],
    body: Some(Content::json(
        r#"{"type":"object","required":["error"],"additionalProperties":false,"properties":{"error":{"type":"string","minLength":1,"maxLength":1000}}}"#,
        &[("why", r#"{"error":"the node did not answer"}"#)],
    )),
    replies: &[ANSWER],
    problems: problems!(),
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Input {
    error: String,
}

pub(crate) async fn handle(mut call: Call) -> Answer {
    let asked = Asked::read(&mut call, &DOC, Who::Writers).await?;
    let input: Input = call.input().await?;
    let error = input.error;
    asked.take(&call, Step::Fail(Fail { error })).await
}
