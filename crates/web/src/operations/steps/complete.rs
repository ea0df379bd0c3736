//! `POST /v1/operations/{id}/complete`

use domain::custody::operation::Step;

use super::{
    ANSWER, Asked, CREDIT_CLOSED, IF_MATCH, KYC, Known, MAXIMUM, OUTPUT, OVERFLOW, Who, problems, transaction,
};
use crate::call::{Answer, Call};
use crate::idempotency;
use crate::openapi::{Content, Doc};
use crate::operations::PATH;
use domain::custody::operation::steps::Complete;

pub(crate) const DOC: Doc = Doc {
    id: "complete_operation",
    tag: "custody",
    summary: "It happened: the amount moves",
    description: "From `pending` or `processing` to `completed`; a withdrawal is started first.",
    parameters: &[PATH, IF_MATCH, idempotency::DRY_RUN],
    body: Some(Content::json(
        concat!(
            r#"{"type":"object","additionalProperties":false,"properties":{"#,
            transaction!(),
            "}}"
        ),
        &[(
            "with its block",
            r#"{"tx_hash":"4a5e1e4baab89f3a32518a88c31bc87f618f76673e2cc77ab2127b7afdeda33b","block":870000,"confirmations":6}"#,
        )],
    )),
    replies: &[ANSWER],
    problems: problems!(KYC, OUTPUT, CREDIT_CLOSED, MAXIMUM, OVERFLOW),
};

pub(crate) async fn handle(mut call: Call) -> Answer {
    let asked = Asked::read(&mut call, &DOC, Who::Writers).await?;
    let known: Known = call.input().await?;
    asked
        .take(
            &call,
            Step::Complete(Complete {
                transaction: known.into(),
            }),
        )
        .await
}
