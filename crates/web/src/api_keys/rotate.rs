//! `POST /v1/api-keys/{id}/rotate`

use domain::Act;
use domain::identity::api_key::{OVERLAP_S_MAX, RotateApiKey};
use http::StatusCode;
use schemars::JsonSchema;
use serde::Deserialize;
use views::ApiKeyMade;

use super::PATH;
use crate::call::{Answer, Call, json_with};
use crate::openapi::{Content, Doc, Reply};

/// How long the old key goes on unless said otherwise, in seconds.
const OVERLAP_S: i64 = 86_400;

pub(crate) const DOC: Doc = Doc {
    id: "rotate_api_key",
    tag: "api_keys",
    summary: "Rotate an API key",
    description: "Makes a new key like the old one, which goes on for a while so that programs can change over, and \
                  then expires.",
    parameters: &[PATH],
    body: Some(Content::taken::<Input>(&[
        ("a day", "{}"),
        ("an hour", r#"{"overlap_s":3600}"#),
    ])),
    replies: &[Reply::shown::<ApiKeyMade>("201", "The new key, with its secret.")],
    refusals: RotateApiKey::REFUSALS,
    ..Doc::EMPTY
};

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Input {
    /// How long the old key goes on, in seconds.
    #[schemars(range(min = 0, max = OVERLAP_S_MAX), extend("default" = OVERLAP_S))]
    overlap_s: Option<i64>,
}

pub(crate) async fn handle(mut call: Call) -> Answer {
    call.query(&DOC)?;
    let id = call.id().await?;
    let input: Input = call.input().await?;
    let overlap_s = input.overlap_s.unwrap_or(OVERLAP_S);
    let engine = &call.app.engine;
    let rotated = engine.rotate_api_key(call.caller()?, call.origin(), id, overlap_s);
    let made = ApiKeyMade::of(engine, rotated.await?, Some(id)).await?;
    json_with(StatusCode::CREATED, &made)
}
