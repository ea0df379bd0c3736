//! `POST /v1/sessions/end`

use domain::identity::session::EndSessions;
use domain::{Command, Reply as CommandReply};
use serde::Deserialize;
use serde_json::json;

use crate::call::{Answer, Call, json as answer};
use crate::openapi::{Content, Doc, Reply};
use crate::problem::Problem;
use crate::users;

pub(crate) const DOC: Doc = Doc {
    id: "end_sessions",
    tag: "account",
    summary: "End all other sessions",
    description: "Ends every session of a user but the one that calls: one's own, or those of `user`.",
    body: Some(Content::json(
        r#"{"type":"object","additionalProperties":false,"properties":{"user":{"type":"string","minLength":1,"maxLength":254,"description":"Whose: id, user name or e-mail address; one's own unless given."}}}"#,
        &[("own", "{}"), ("of a user", r#"{"user":"ann"}"#)],
    )),
    replies: &[Reply::new(
        "200",
        "They have ended.",
        &[Content::new(
            "application/json",
            r#"{"type":"object","required":["ended"],"properties":{"ended":{"type":"integer","description":"How many."}}}"#,
            r#"{"ended":2}"#,
        )],
    )],
    problems: &[("404", "unknown_user", "there is no such user")],
    ..Doc::EMPTY
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Input {
    user: Option<String>,
}

pub(crate) async fn handle(mut call: Call) -> Answer {
    call.query(&DOC)?;
    let input: Input = call.input().await?;
    let user = match &input.user {
        Some(text) => {
            let all = domain::identity::Permission::SessionsWrite;
            users::meant_or_self(&call, text, all).await?.row.id
        }
        None => call.identity()?.user.id,
    };
    let command = Command::EndSessions(EndSessions::AllOf(user));
    let engine = &call.app.engine;
    let reply = engine.submit(call.caller()?, call.origin(), command).await?.reply;
    match reply {
        CommandReply::Ended(ended) => answer(&json!({"ended": ended})),
        other => Err(Problem::internal(&format_args!("answered with {other:?}"))),
    }
}
