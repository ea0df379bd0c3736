//! `GET /v1/me`, and one's own account below it.

pub(crate) mod password;
pub(crate) mod second_factor;

use domain::identity::{Must, Permission, Scope};
use evidence::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use uuid::Uuid;
use views::{ApiKeyView, SessionView, Shown, UserView};

use crate::call::{Answer, Call, json};
use crate::openapi::{Doc, Reply};

pub(crate) const DOC: Doc = Doc {
    id: "who_am_i",
    tag: "account",
    summary: "Who you are, and what you may do",
    description: "The user behind the credential, the API key or session itself, and what role and scopes leave.",
    replies: &[Reply::shown::<Body>("200", "You.")],
    ..Doc::EMPTY
};

#[derive(Serialize, JsonSchema)]
struct Body {
    /// The user behind the credential.
    user: UserView,
    /// The agent that calls, on behalf of the user.
    agent: Option<Caller>,
    key: Option<Key>,
    session: Option<SessionView>,
    /// Of the key; null for a session, which nothing narrows.
    scopes: Option<Vec<Scope>>,
    permissions: Vec<Permission>,
    /// What must be done before anything else.
    must: Option<Must>,
}

#[derive(Serialize, JsonSchema)]
#[schemars(inline)]
struct Caller {
    id: Uuid,
    name: String,
    release: Option<String>,
}

#[derive(Serialize, JsonSchema)]
#[schemars(inline)]
struct Key {
    id: Uuid,
    name: String,
    shown: String,
    expires_at: Option<Timestamp>,
    requests_per_minute: Option<i64>,
}

impl Shown for Body {
    fn example() -> Body {
        let key = ApiKeyView::example();
        Body {
            user: UserView::example(),
            agent: None,
            key: Some(Key {
                id: key.id,
                name: key.name,
                shown: key.shown,
                expires_at: key.expires_at,
                requests_per_minute: key.requests_per_minute,
            }),
            session: None,
            scopes: Some(key.scopes),
            permissions: vec![Permission::AuditRead, Permission::AuditWrite],
            must: None,
        }
    }
}

pub(crate) async fn handle(call: Call) -> Answer {
    call.query(&DOC)?;
    let identity = call.identity()?;
    let key = identity.api_key.as_ref();
    json(&Body {
        user: UserView::of(&identity.user, identity.version),
        agent: identity.agent.as_ref().map(|agent| Caller {
            id: agent.id,
            name: agent.name.clone(),
            release: agent.release.clone(),
        }),
        key: key.map(|key| Key {
            id: key.id,
            name: key.name.clone(),
            shown: key.shown.clone(),
            expires_at: key.expires_at,
            requests_per_minute: key.requests_per_minute,
        }),
        session: identity.session.clone().map(SessionView::of),
        scopes: key.map(|key| key.scopes.clone()),
        permissions: identity.principal.permissions(),
        must: identity.principal.must(),
    })
}
