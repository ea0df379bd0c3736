//! `POST /v1/operations/{id}/report`

use domain::custody::operation::Step;

use super::{ANSWER, Asked, IF_MATCH, Known, OUTPUT, Who, problems, transaction};
use crate::call::{Answer, Call};
use crate::idempotency;
use crate::openapi::{Content, Doc};
use crate::operations::PATH;
use domain::custody::operation::steps::Report;

pub(crate) const DOC: Doc = Doc {
    id: "report_operation",
    tag: "custody",
    summary: "Say what is newly known of the transaction",
    description: "Before the operation is final; nothing moves. What is left out stays as it is.",
    parameters: &[PATH, IF_MATCH, idempotency::DRY_RUN],
    body: Some(Content::json(
        concat!(
            r#"{"type":"object","additionalProperties":false,"properties":{"#,
            transaction!(),
            "}}"
        ),
        &[(
            "confirmations",
            r#"{"tx_hash":"4a5e1e4baab89f3a32518a88c31bc87f618f76673e2cc77ab2127b7afdeda33b","confirmations":3}"#,
        )],
    )),
    replies: &[ANSWER],
    problems: problems!(OUTPUT),
};

pub(crate) async fn handle(mut call: Call) -> Answer {
    let asked = Asked::read(&mut call, &DOC, Who::Writers).await?;
    let known: Known = call.input().await?;
    asked
        .take(
            &call,
            Step::Report(Report {
                transaction: known.into(),
            }),
        )
        .await
}
