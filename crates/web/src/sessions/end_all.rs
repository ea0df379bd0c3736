//! `POST /v1/sessions/end`

use domain::identity::Permission;
use domain::identity::session::EndSessionsOf;
use domain::{Act, Command};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::call::{Answer, Call, json};
use crate::openapi::{Content, Doc, Reply, Shown};
use crate::{custody, person};

pub(crate) const DOC: Doc = Doc {
    id: "end_sessions",
    tag: "account",
    summary: "End all other sessions",
    description: "Ends every session of a user but the one that asks: one's own, or those of `user`.",
    body: Some(Content::taken::<Input>(&[
        ("own", "{}"),
        ("of a user", r#"{"user":"ann"}"#),
    ])),
    replies: &[Reply::shown::<Output>("200", "They have ended.")],
    problems: &[custody::UNKNOWN_USER],
    refusals: EndSessionsOf::REFUSALS,
    ..Doc::EMPTY
};

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Input {
    /// Whose: id, user name or e-mail address; one's own unless given.
    #[schemars(length(min = 1, max = custody::NAME_LEN_MAX))]
    user: Option<String>,
}

#[derive(Serialize, JsonSchema)]
#[schemars(inline)]
struct Output {
    /// How many.
    ended: u64,
}

impl Shown for Output {
    fn example() -> Output {
        Output { ended: 2 }
    }
}

pub(crate) async fn handle(mut call: Call) -> Answer {
    call.query(&DOC)?;
    let input: Input = call.input().await?;
    let user = match &input.user {
        Some(text) => {
            let all = Permission::SessionsWrite;
            person::readable(&call, "user", text, all, true).await?
        }
        None => call.identity()?.user.id,
    };
    let command = Command::EndSessionsOf(EndSessionsOf { user });
    let engine = &call.app.engine;
    let ended = engine
        .submit_for(call.caller()?, call.origin(), command)
        .await?
        .reply;
    json(&Output { ended })
}
