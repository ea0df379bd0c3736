//! `GET /v1/me`, and one's own account below it.

pub(crate) mod password;
pub(crate) mod second_factor;

use domain::identity::{Must, Scope};
use evidence::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use uuid::Uuid;
use views::SessionView;

use crate::call::{Answer, Call, json};
use crate::openapi::{Content, Doc, Reply};
use crate::users::UserBody;

pub(crate) const DOC: Doc = Doc {
    id: "who_am_i",
    tag: "account",
    summary: "Who you are, and what you may do",
    description: "The user behind the credential, the API key or session itself, and what role and scopes leave.",
    replies: &[Reply::new(
        "200",
        "You.",
        &[Content::typed::<Body<'static>>(concat!(
            r#"{"user":"#,
            crate::users::example!(),
            r#","key":{"id":"01970000-0000-7000-8000-0000000000aa","name":"shop","shown":"prb_4fGh2k","expires_at":null,"requests_per_minute":600},"session":null,"scopes":["read","write"],"permissions":["audit:read","audit:write"],"must":null}"#
        ))],
    )],
    ..Doc::EMPTY
};

#[derive(Serialize, JsonSchema)]
struct Body<'a> {
    user: UserBody<'a>,
    key: Option<Key<'a>>,
    session: Option<SessionView>,
    /// Of the key; null for a session, which nothing narrows.
    #[schemars(with = "Option<Vec<Scope>>")]
    scopes: Option<Vec<&'static str>>,
    permissions: Vec<&'static str>,
    /// What must be done before anything else.
    #[schemars(with = "Option<Must>")]
    must: Option<&'static str>,
}

#[derive(Serialize, JsonSchema)]
#[schemars(inline)]
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
        session: identity.session.clone().map(SessionView::of),
        scopes: key.map(|key| key.scopes.iter().map(|scope| scope.as_str()).collect()),
        permissions: permissions.iter().map(|permission| permission.as_str()).collect(),
        must: identity.principal.must().map(Must::as_str),
    })
}
