//! `POST /v1/operations/{id}/resolve`

use domain::custody::operation::{Step, Transaction};
use serde::Deserialize;

use super::{
    ANSWER, APPROVAL, Asked, CREDIT_CLOSED, IF_MATCH, MAXIMUM, OUTPUT, OVERFLOW, QUORUM, Who, problems,
    transaction,
};
use crate::call::{Answer, Call};
use crate::id::Id;
use crate::idempotency;
use crate::openapi::{Content, Doc};
use crate::operations::PATH;
use crate::operations::transactions::{self, Further};
use domain::custody::operation::steps::Resolve;

pub(crate) const DOC: Doc = Doc {
    id: "resolve_operation",
    tag: "custody",
    summary: "Say how one of unknown fate ended",
    description: "From `unknown` to `completed` or `failed`, with what shows it, and with the approval of somebody else.",
    parameters: &[PATH, IF_MATCH, idempotency::DRY_RUN],
    body: Some(Content::json(
        concat!(
            r#"{"type":"object","required":["outcome","evidence"],"additionalProperties":false,"properties":{"outcome":{"enum":["completed","failed"]},"evidence":{"type":"string","minLength":1,"maxLength":1000},"approval":{"type":"string","format":"uuid","description":"The approval to use, where one is needed."},"#,
            transaction!(),
            "}}"
        ),
        &[(
            "it happened",
            r#"{"outcome":"completed","evidence":"block 870000 has it","approval":"01970000-0000-7000-8000-0000000000be"}"#,
        )],
    )),
    replies: &[ANSWER],
    problems: problems!(
        OUTPUT,
        CREDIT_CLOSED,
        MAXIMUM,
        OVERFLOW,
        APPROVAL[0],
        APPROVAL[1],
        APPROVAL[2],
        APPROVAL[3],
        APPROVAL[4],
        QUORUM
    ),
};

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Outcome {
    Completed,
    Failed,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Input {
    outcome: Outcome,
    evidence: String,
    approval: Option<Id>,
    chain: Option<String>,
    tx_hash: Option<String>,
    output: Option<u64>,
    block: Option<u64>,
    confirmations: Option<u64>,
    transactions: Option<Vec<Further>>,
}

pub(crate) async fn handle(mut call: Call) -> Answer {
    let asked = Asked::read(&mut call, &DOC, Who::Writers).await?;
    let input: Input = call.input().await?;
    let step = Step::Resolve(Resolve {
        completed: matches!(input.outcome, Outcome::Completed),
        evidence: input.evidence,
        transaction: Transaction {
            chain: input.chain,
            tx_hash: input.tx_hash,
            output: input.output,
            block: input.block,
            confirmations: input.confirmations,
            further: input.transactions.map(transactions::asked),
        },
        approval: input.approval.map(|id| id.0),
    });
    asked.take(&call, step).await
}
