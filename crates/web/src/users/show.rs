//! `GET /v1/users/{id}`

use evidence::Timestamp;
use serde::Serialize;

use super::include::{INCLUDE, Include, Parts, parts};
use super::{PATH, UNKNOWN, UserBody, unknown};
use crate::call::{Answer, Call, json, tagged};
use crate::custody;
use crate::openapi::{Content, Doc, Reply};

pub(crate) const DOC: Doc = Doc {
    id: "show_user",
    tag: "users",
    summary: "One user",
    description: "With what there is to know beside: the last login, second factor, sessions, invitation. What the user \
                  did is in the audit log: `GET /v1/audit/entries?actor=ID`. With `include`, KYC and balances too: each takes \
                  the permission that its own list takes, `kyc:read` and `custody:read`, and one that you do not \
                  hold is a refusal.",
    parameters: &[PATH, INCLUDE],
    replies: &[Reply {
        headers: &[("ETag", "The user's version.")],
        ..Reply::new(
            "200",
            "The user.",
            &[Content::new(
                "application/json",
                concat!(
                    r##"{"allOf":[{"$ref":"#/components/schemas/User"},{"type":"object","required":["last_login_at","second_factor","invited_until","sessions"],"properties":{"last_login_at":{"type":["string","null"],"format":"date-time","description":"A few seconds late."},"second_factor":{"type":"boolean","description":"Whether one is needed at login."},"invited_until":{"type":["string","null"],"format":"date-time","description":"Until when an invitation can be accepted."},"sessions":{"type":"integer","description":"How many can be used."},"##,
                    parts!(),
                    "}}]}"
                ),
                r#"{"id":"01970000-0000-7000-8000-0000000000ab","username":"ann","email":"ann@example.com","full_name":"Ann Example","role":"developer","active":true,"created_at":"2026-11-20T08:00:00.000000Z","updated_at":"2026-11-20T08:00:00.000000Z","password_changed_at":null,"password_change_required":false,"erased_at":null,"version":1,"last_login_at":"2026-11-21T08:30:00.000000Z","second_factor":true,"invited_until":null,"sessions":1}"#,
            )],
        )
    }],
    problems: &[UNKNOWN, custody::PARAMETER],
    ..Doc::EMPTY
};

#[derive(Serialize)]
struct Output<'a> {
    #[serde(flatten)]
    user: UserBody<'a>,
    last_login_at: Option<Timestamp>,
    second_factor: bool,
    invited_until: Option<Timestamp>,
    sessions: u64,
    #[serde(flatten)]
    parts: Parts,
}

pub(crate) async fn handle(mut call: Call) -> Answer {
    let include = Include::read(&call.query(&DOC)?)?;
    let text = call.path().await?;
    let engine = &call.app.engine;
    let user = engine
        .user_meant(&text)
        .await?
        .ok_or_else(|| unknown(&text, "id"))?;
    let state = engine.user_state(user.row.id).await?;
    let parts = include.of(&call, user.row.id).await?;
    let response = json(&Output {
        user: UserBody::of(&user.row, user.version),
        last_login_at: state.last_login_at,
        second_factor: state.second_factor,
        invited_until: state.invited_until,
        sessions: state.sessions,
        parts,
    })?;
    Ok(tagged(response, user.version))
}
