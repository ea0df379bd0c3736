//! `POST /v1/me/second-factor/remove`

use super::{INPUT, Input, NONE, TOO_MANY, WRONG};
use crate::call::{Answer, Call, no_content};
use crate::openapi::{Doc, Reply};

pub(crate) const DOC: Doc = Doc {
    id: "remove_second_factor",
    tag: "account",
    summary: "Remove one's own second factor",
    description: "Where the role demands one, it cannot be removed; somebody entitled can reset it.",
    body: Some(INPUT),
    replies: &[Reply::new("204", "It is removed.", &[])],
    problems: &[
        WRONG,
        TOO_MANY,
        NONE,
        ("403", "second_factor_required", "the role demands one"),
    ],
    ..Doc::EMPTY
};

pub(crate) async fn handle(mut call: Call) -> Answer {
    call.query(&DOC)?;
    let input: Input = call.input().await?;
    let engine = &call.app.engine;
    engine
        .remove_second_factor(call.caller()?, call.origin(), input.password.0)
        .await?;
    Ok(no_content())
}
