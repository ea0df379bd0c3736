//! `POST /v1/me/second-factor/confirm`

use domain::Act;
use domain::identity::second_factor::ConfirmSecondFactor;
use schemars::JsonSchema;
use serde::Deserialize;

use super::{CODES, Codes, TOO_MANY};
use crate::call::{Answer, Call, json};
use crate::openapi::{Content, Doc, Reply};

pub(crate) const DOC: Doc = Doc {
    id: "confirm_second_factor",
    tag: "account",
    summary: "Confirm a second factor",
    description: "By a first code of it. From then on every login needs one; this session counts as having used it. \
                  The answer holds recovery codes.",
    body: Some(Content::taken::<Input>(&[("code", r#"{"code":"492039"}"#)])),
    replies: &[Reply::new("200", "The recovery codes, shown once.", CODES)],
    problems: &[TOO_MANY],
    refusals: ConfirmSecondFactor::REFUSALS,
    ..Doc::EMPTY
};

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Input {
    /// 6 digits.
    #[schemars(length(max = 64))]
    code: String,
}

pub(crate) async fn handle(mut call: Call) -> Answer {
    call.query(&DOC)?;
    let input: Input = call.input().await?;
    let engine = &call.app.engine;
    let confirmed = engine.confirm_second_factor(call.caller()?, call.origin(), &input.code);
    json(&Codes {
        recovery_codes: confirmed.await?,
    })
}
