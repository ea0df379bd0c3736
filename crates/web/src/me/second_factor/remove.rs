//! `POST /v1/me/second-factor/remove`

use super::{INPUT, Input, TOO_MANY};
use crate::call::{Answer, Call, no_content};
use crate::openapi::{Doc, Reply};
use domain::Act;
use domain::identity::second_factor::RemoveSecondFactor;

pub(crate) const DOC: Doc = Doc {
    id: "remove_second_factor",
    tag: "account",
    summary: "Remove one's own second factor",
    description: "Where the role demands one, it cannot be removed; somebody entitled can reset it.",
    body: Some(INPUT),
    replies: &[Reply::new("204", "It is removed.", &[])],
    problems: &[TOO_MANY],
    refusals: RemoveSecondFactor::REFUSALS,
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
