//! `POST /v1/approvals/{id}/vote`

use serde::Deserialize;

use super::{ANSWER, DECIDED, EXPIRED, PATH, UNKNOWN, changed, in_path};
use crate::call::{Answer, Call};
use crate::idempotency;
use crate::openapi::{Content, Doc};

pub(crate) const DOC: Doc = Doc {
    id: "vote_on_approval",
    tag: "approvals",
    summary: "Vote on an approval",
    description: "By a person, never on what they asked for themselves, nor on what they are paid by: where their balance \
                  is credited, or what is theirs leaves for the world outside. One vote against it rejects it; as many as its \
                  quorum for it grant it. A vote may be changed while the approval is pending.",
    parameters: &[PATH, idempotency::DRY_RUN],
    body: Some(Content::json(
        r#"{"type":"object","required":["approve"],"additionalProperties":false,"properties":{"approve":{"type":"boolean"},"reason":{"type":"string","minLength":1,"maxLength":1000,"description":"Needed for a vote against it."}}}"#,
        &[
            ("for it", r#"{"approve":true}"#),
            (
                "against it",
                r#"{"approve":false,"reason":"the evaluation is too old"}"#,
            ),
        ],
    )),
    replies: &[ANSWER],
    problems: &[
        UNKNOWN,
        ("403", "own_request", "you asked for it yourself"),
        ("403", "own_payment", "you are paid by what it is for"),
        DECIDED,
        EXPIRED,
    ],
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Input {
    approve: bool,
    reason: Option<String>,
}

pub(crate) async fn handle(mut call: Call) -> Answer {
    let dry_run = idempotency::dry_run(&call.query(&DOC)?)?;
    let approval = in_path(&mut call).await?;
    let input: Input = call.input().await?;
    let engine = &call.app.engine;
    let command = engine.prepare_vote(approval, input.approve, input.reason).await?;
    changed(&call, command, dry_run).await
}
