//! `GET /v1/sessions`

use domain::identity::Permission;
use evidence::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

use crate::call::{Answer, Call, json};
use crate::openapi::{Content, Doc, Parameter, Reply};
use crate::sessions::SessionBody;
use crate::users;

pub(crate) const DOC: Doc = Doc {
    id: "list_sessions",
    tag: "account",
    summary: "Sessions that can be used",
    description: "One's own; with `user` those of somebody else, which needs the permission `sessions:read`.",
    parameters: &[&[Parameter::query(
        "user",
        "Whose: id, user name or e-mail address.",
        r#"{"type":"string","maxLength":254}"#,
    )]],
    replies: &[Reply::new(
        "200",
        "The sessions, oldest first: at most 100.",
        &[Content::typed::<Output<'static>>(
            r#"{"sessions":[{"id":"01970000-0000-7000-8000-0000000000cc","user_id":"01970000-0000-7000-8000-0000000000ab","second_factor":false,"ip":"192.0.2.7","user_agent":"curl/8.14.1","created_at":"2026-11-21T08:30:00.123456Z","expires_at":"2026-11-21T20:30:00.123456Z","idle_expires_at":"2026-11-21T09:00:00.123456Z","last_used_at":"2026-11-21T08:41:07.000000Z","current":true}]}"#,
        )],
    )],
    problems: &[
        ("403", "permission_missing", "these are somebody else's"),
        ("403", "scope_missing", "these are somebody else's"),
        ("404", "unknown_user", "there is no such user"),
    ],
    ..Doc::EMPTY
};

#[derive(Serialize, JsonSchema)]
struct Output<'a> {
    sessions: Vec<Listed<'a>>,
}

#[derive(Serialize, JsonSchema)]
#[schemars(inline)]
struct Listed<'a> {
    #[serde(flatten)]
    session: SessionBody<'a>,
    /// A few seconds late.
    last_used_at: Option<Timestamp>,
    /// Whether it is the one that calls.
    current: bool,
}

pub(crate) async fn handle(call: Call) -> Answer {
    let query = call.query(&DOC)?;
    let engine = &call.app.engine;
    let identity = call.identity()?;
    let own = identity.user.id;
    let user = match query.text("user", 254)? {
        Some(text) => {
            let user = users::meant_or_self(&call, &text, Permission::SessionsRead).await?;
            user.row.id
        }
        None => own,
    };
    let sessions = engine.sessions_of(user).await?;
    let ids: Vec<_> = sessions.iter().map(|session| session.id).collect();
    let seen = engine.sessions_seen(&ids).await?;
    let current = identity.session.as_ref().map(|session| session.id);
    let listed = sessions.iter().map(|session| Listed {
        last_used_at: seen.iter().find(|(id, _)| *id == session.id).map(|(_, at)| *at),
        current: current == Some(session.id),
        session: SessionBody::of(session),
    });
    json(&Output {
        sessions: listed.collect(),
    })
}
