//! `POST /v1/operations/{id}/cancel`

use domain::custody::operation::Step;
use serde::Deserialize;

use super::{ANSWER, Asked, IF_MATCH, Who, problems};
use crate::call::{Answer, Call};
use crate::idempotency;
use crate::openapi::{Content, Doc};
use crate::operations::PATH;
use domain::custody::operation::steps::Cancel;

pub(crate) const DOC: Doc = Doc {
    id: "cancel_operation",
    tag: "custody",
    summary: "Give it up before it is begun",
    description: "From `pending` to `cancelled`: what was held is free again. A pending transfer is released instead. \
                  With `custody:own` one cancels what one asked for oneself, of one's own balance.",
    parameters: &[PATH, IF_MATCH, idempotency::DRY_RUN],
    body: Some(Content::json(
        r#"{"type":"object","additionalProperties":false,"properties":{"reason":{"type":"string","minLength":1,"maxLength":1000}}}"#,
        &[("why", r#"{"reason":"ordered twice"}"#)],
    )),
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
    asked.take(&call, Step::Cancel(Cancel { reason })).await
}
