//! `GET /v1/me`, and one's own account below it.

pub(crate) mod password;
pub(crate) mod second_factor;

use evidence::Timestamp;
use serde::Serialize;
use uuid::Uuid;

use crate::call::{Answer, Call, json};
use crate::openapi::{Content, Doc, Reply};
use crate::sessions::SessionBody;
use crate::users::UserBody;

pub(crate) const DOC: Doc = Doc {
    id: "who_am_i",
    tag: "account",
    summary: "Who you are, and what you may do",
    description: "The user behind the credential, the API key or session itself, and what role and scopes leave.",
    replies: &[Reply::new(
        "200",
        "You.",
        &[Content::json(
            r##"{"type":"object","required":["user","key","session","scopes","permissions","must"],"properties":{"user":{"$ref":"#/components/schemas/User"},"key":{"type":["object","null"],"required":["id","name","shown","expires_at","requests_per_minute"],"properties":{"id":{"type":"string","format":"uuid"},"name":{"type":"string"},"shown":{"type":"string"},"expires_at":{"type":["string","null"],"format":"date-time"},"requests_per_minute":{"type":["integer","null"]}}},"session":{"oneOf":[{"$ref":"#/components/schemas/Session"},{"type":"null"}]},"scopes":{"type":["array","null"],"items":{"$ref":"#/components/schemas/Scope"},"description":"Of the key; null for a session, which nothing narrows."},"permissions":{"type":"array","items":{"type":"string"}},"must":{"enum":["password_change_required","second_factor_required",null],"description":"What must be done before anything else."}}}"##,
            &[(
                "by a key",
                concat!(
                    r#"{"user":"#,
                    crate::users::example!(),
                    r#","key":{"id":"01970000-0000-7000-8000-0000000000aa","name":"shop","shown":"prb_4fGh2k","expires_at":null,"requests_per_minute":600},"session":null,"scopes":["read","write"],"permissions":["audit:read","audit:write"],"must":null}"#
                ),
            )],
        )],
    )],
    ..Doc::EMPTY
};

#[derive(Serialize)]
struct Body<'a> {
    user: UserBody<'a>,
    key: Option<Key<'a>>,
    session: Option<SessionBody<'a>>,
    scopes: Option<Vec<&'static str>>,
    permissions: Vec<&'static str>,
    must: Option<&'static str>,
}

#[derive(Serialize)]
struct Key<'a> {
    id: Uuid,
    name: &'a str,
    shown: &'a str,
    expires_at: Option<Timestamp>,
    requests_per_minute: Option<i64>,
}

pub(crate) async fn handle(call: Call) -> Answer {
    call.query(&DOC)?;
    let identity = call.identity()?;
    let key = identity.api_key.as_ref();
    let permissions = identity.principal.permissions();
    json(&Body {
        user: UserBody::of(&identity.user, identity.version),
        key: key.map(|key| Key {
            id: key.id,
            name: &key.name,
            shown: &key.shown,
            expires_at: key.expires_at,
            requests_per_minute: key.requests_per_minute,
        }),
        session: identity.session.as_ref().map(SessionBody::of),
        scopes: key.map(|key| key.scopes.iter().map(|scope| scope.as_str()).collect()),
        permissions: permissions.iter().map(|permission| permission.as_str()).collect(),
        must: identity.principal.must().map(domain::identity::Must::as_str),
    })
}
