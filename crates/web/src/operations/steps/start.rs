//! `POST /v1/operations/{id}/start`

use domain::custody::operation::{Step, Transaction};
use serde::Deserialize;

use super::{
    ANSWER, APPROVAL, Asked, DESTINATION, IF_MATCH, KYC, OUTPUT, QUORUM, Who, problems, transaction,
};
use crate::call::{Answer, Call};
use crate::id::Id;
use crate::idempotency;
use crate::openapi::{Content, Doc};
use crate::operations::PATH;
use crate::operations::transactions::{self, Further};
use domain::custody::operation::steps::Start;

pub(crate) const DOC: Doc = Doc {
    id: "start_operation",
    tag: "custody",
    summary: "Begin sending",
    description: "From `pending` to `processing`. A withdrawal above the threshold needs the approval of somebody else by now.",
    parameters: &[PATH, IF_MATCH, idempotency::DRY_RUN],
    body: Some(Content::json(
        concat!(
            r#"{"type":"object","additionalProperties":false,"properties":{"approval":{"type":"string","format":"uuid","description":"The approval to use, where one is needed."},"#,
            transaction!(),
            "}}"
        ),
        &[
            ("begun", "{}"),
            (
                "with its transaction",
                r#"{"tx_hash":"4a5e1e4baab89f3a32518a88c31bc87f618f76673e2cc77ab2127b7afdeda33b"}"#,
            ),
        ],
    )),
    replies: &[ANSWER],
    problems: problems!(
        KYC,
        DESTINATION,
        OUTPUT,
        APPROVAL[0],
        APPROVAL[1],
        APPROVAL[2],
        APPROVAL[3],
        APPROVAL[4],
        QUORUM
    ),
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Input {
    chain: Option<String>,
    tx_hash: Option<String>,
    output: Option<u64>,
    block: Option<u64>,
    confirmations: Option<u64>,
    transactions: Option<Vec<Further>>,
    approval: Option<Id>,
}

pub(crate) async fn handle(mut call: Call) -> Answer {
    let asked = Asked::read(&mut call, &DOC, Who::Writers).await?;
    let input: Input = call.input().await?;
    let transaction = Transaction {
        chain: input.chain,
        tx_hash: input.tx_hash,
        output: input.output,
        block: input.block,
        confirmations: input.confirmations,
        further: input.transactions.map(transactions::asked),
    };
    let approval = input.approval.map(|id| id.0);
    asked
        .take(
            &call,
            Step::Start(Start {
                transaction,
                approval,
            }),
        )
        .await
}
