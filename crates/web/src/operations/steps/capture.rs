//! `POST /v1/operations/{id}/capture`

use serde::Deserialize;

use super::{Asked, CREDIT_CLOSED, IF_MATCH, KYC, MAXIMUM, OVERFLOW, Who, problems};
use crate::call::{Answer, Call};
use crate::custody::Decimal;
use crate::id::Id;
use crate::idempotency;
use crate::openapi::{Content, Doc, Reply};
use crate::operations::{PATH, example};

const SHOWN: &[Content] = &[Content::new(
    "application/json",
    r##"{"$ref":"#/components/schemas/Operation"}"##,
    example!(),
)];

pub(crate) const DOC: Doc = Doc {
    id: "capture_operation",
    tag: "custody",
    summary: "Move a part of what a pending transfer holds",
    description: "Or all of it, unless an amount is given. The part is an operation of its own, whose `parent` is the \
                  pending transfer; that is `completed` once nothing is held any more. With `custody:own` one \
                  captures what one asked for oneself, of one's own balance.",
    parameters: &[PATH, IF_MATCH, idempotency::HEADER, idempotency::DRY_RUN],
    body: Some(Content::json(
        r##"{"type":"object","additionalProperties":false,"properties":{"id":{"type":"string","format":"uuid","description":"Your own id for the part."},"amount":{"$ref":"#/components/schemas/NewAmount"}}}"##,
        &[("a part", r#"{"amount":"0.2"}"#), ("the rest", "{}")],
    )),
    replies: &[
        Reply {
            headers: &[
                ("Location", "Where the part is."),
                ("ETag", "The part's version."),
            ],
            ..Reply::new("201", "The part.", SHOWN)
        },
        Reply {
            headers: &[idempotency::REPLAYED_HEADER],
            ..Reply::new(
                "200",
                "The part, which had been captured before; or what a dry run says.",
                SHOWN,
            )
        },
    ],
    problems: problems!(
        KYC,
        CREDIT_CLOSED,
        MAXIMUM,
        OVERFLOW,
        ("409", "exceeds_held", "more is to be captured than is held"),
        (
            "409",
            "id_conflict",
            "the id is there with other content; `field` says which"
        ),
        idempotency::MALFORMED,
        idempotency::REUSED,
    ),
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Input {
    id: Option<Id>,
    amount: Option<Decimal>,
}

pub(crate) async fn handle(mut call: Call) -> Answer {
    let asked = Asked::read(&mut call, &DOC, Who::Owners).await?;
    let (input, key) = idempotency::input::<Input>(&mut call).await?;
    let amount = input.amount.map(|amount| amount.0);
    asked.capture(&call, (input.id, amount), key.as_ref()).await
}
