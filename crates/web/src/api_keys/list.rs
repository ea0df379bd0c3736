//! `GET /v1/api-keys`

use domain::identity::Permission;
use serde::Serialize;

use super::KeyBody;
use crate::audit::page;
use crate::call::{Answer, Call, json};
use crate::openapi::{Content, Doc, Parameter, Reply};
use crate::users;
use views::cursor;

pub(crate) const DOC: Doc = Doc {
    id: "list_api_keys",
    tag: "api_keys",
    summary: "API keys, oldest first",
    description: "All keys for who holds `api_keys:read`, one's own for others; never a secret.",
    parameters: &[
        &[Parameter::query(
            "user",
            "Only keys of this owner: id, user name or e-mail address.",
            r#"{"type":"string","maxLength":254}"#,
        )],
        page::PARAMETERS,
    ],
    replies: &[Reply {
        headers: &[page::LINK_HEADER],
        ..Reply::new(
            "200",
            "A page.",
            &[Content::new(
                "application/json",
                r##"{"type":"object","required":["api_keys","next"],"properties":{"api_keys":{"type":"array","items":{"$ref":"#/components/schemas/ApiKey"}},"next":{"type":["string","null"],"description":"Cursor of the next page."}}}"##,
                concat!(r#"{"api_keys":["#, super::example!(), r#"],"next":null}"#),
            )],
        )
    }],
    problems: &[("404", "unknown_user", "there is no such user")],
    ..Doc::EMPTY
};

#[derive(Serialize)]
struct Output<'a> {
    api_keys: Vec<KeyBody<'a>>,
    next: Option<String>,
}

pub(crate) async fn handle(call: Call) -> Answer {
    let query = call.query(&DOC)?;
    let (after, limit) = page::of_ids(&query)?;
    let identity = call.identity()?;
    let owner = match query.text("user", 254)? {
        Some(text) => {
            let all = Permission::ApiKeysRead;
            Some(users::meant_or_self(&call, &text, all).await?.row.id)
        }
        None if identity.principal.holds(Permission::ApiKeysRead) => None,
        None => Some(identity.user.id),
    };
    let mut keys = call.app.engine.api_keys(owner, after, limit + 1).await?;
    let more = keys.len() > limit as usize;
    keys.truncate(limit as usize);
    let next = keys
        .last()
        .filter(|_| more)
        .map(|read| cursor::encode_id(read.key.id));
    let mut response = json(&Output {
        api_keys: keys.iter().map(KeyBody::of).collect(),
        next: next.clone(),
    })?;
    page::link(&mut response, &call.parts.uri, next.as_deref());
    Ok(response)
}
