//! `GET /v1/me`

use serde::Serialize;
use uuid::Uuid;

use crate::call::{Answer, Call, json};
use crate::openapi::{Content, Doc, Reply};
use crate::problem::Problem;

pub(crate) const DOC: Doc = Doc {
    id: "who_am_i",
    tag: "service",
    summary: "Who you are, and what you may do",
    description: "The API key that the request came with, and what its owner's role and its scopes leave.",
    replies: &[Reply::new(
        "200",
        "The key.",
        &[Content::new(
            "application/json",
            r#"{"type":"object","required":["key","owner","role","scopes","permissions"],"properties":{"key":{"type":"object","required":["id","name","expires_at"],"properties":{"id":{"type":"string","format":"uuid"},"name":{"type":"string"},"expires_at":{"type":["string","null"],"format":"date-time"}}},"owner":{"type":"object","required":["id","username"],"properties":{"id":{"type":"string","format":"uuid"},"username":{"type":"string"}}},"role":{"type":"string"},"scopes":{"type":"array","items":{"type":"string"}},"permissions":{"type":"array","items":{"type":"string"}}}}"#,
            r#"{"key":{"id":"01970000-0000-7000-8000-0000000000aa","name":"shop","expires_at":null},"owner":{"id":"01970000-0000-7000-8000-0000000000ab","username":"shop"},"role":"developer","scopes":["read","write"],"permissions":["audit:read","audit:write"]}"#,
        )],
    )],
    ..Doc::EMPTY
};

#[derive(Serialize)]
struct Body<'a> {
    key: Key<'a>,
    owner: Owner<'a>,
    role: &'a str,
    scopes: Vec<&'static str>,
    permissions: Vec<&'static str>,
}

#[derive(Serialize)]
struct Key<'a> {
    id: Uuid,
    name: &'a str,
    expires_at: Option<evidence::Timestamp>,
}

#[derive(Serialize)]
struct Owner<'a> {
    id: Uuid,
    username: &'a str,
}

pub(crate) async fn handle(call: Call) -> Answer {
    call.query(&DOC)?;
    let identity = call.app.engine.identity(call.caller()?).await?;
    identity.principal.good().map_err(engine::Error::from)?;
    let key = identity
        .api_key
        .as_ref()
        .ok_or_else(|| Problem::internal(&"a caller without an API key"))?;
    let permissions = identity.principal.permissions();
    json(&Body {
        key: Key {
            id: key.id,
            name: &key.name,
            expires_at: key.expires_at,
        },
        owner: Owner {
            id: identity.user.id,
            username: &identity.user.username,
        },
        role: identity.user.role.as_str(),
        scopes: key.scopes.iter().map(|scope| scope.as_str()).collect(),
        permissions: permissions.iter().map(|permission| permission.as_str()).collect(),
    })
}
