//! `DELETE /v1/api-keys/{id}`

use domain::Act;
use domain::Command;

use super::PATH;
use crate::call::{Answer, Call, no_content};
use crate::openapi::{Doc, Reply};
use domain::identity::api_key::RevokeApiKey;

pub(crate) const DOC: Doc = Doc {
    id: "revoke_api_key",
    tag: "api_keys",
    summary: "Revoke an API key",
    description: "At once and for ever, in other processes within a second. What it wrote stays: \
                  `GET /v1/audit/entries?recorded_by=ID`. Revoking one again is no error.",
    parameters: &[PATH],
    replies: &[Reply::new("204", "It is revoked.", &[])],
    refusals: RevokeApiKey::REFUSALS,
    ..Doc::EMPTY
};

pub(crate) async fn handle(mut call: Call) -> Answer {
    call.query(&DOC)?;
    let id = call.id().await?;
    let command = Command::RevokeApiKey(RevokeApiKey { id });
    call.app
        .engine
        .submit(call.caller()?, call.origin(), command)
        .await?;
    Ok(no_content())
}
