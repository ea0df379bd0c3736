//! `PATCH /v1/users/{id}`

use domain::Command;
use domain::identity::user::UpdateUser;
use serde::{Deserialize, Deserializer};

use super::{
    ANSWER, EMAIL_TAKEN, ERASED, EXCEEDS, IF_MATCH, PATH, PRECONDITION, TAKEN, UNKNOWN, changed, of_path,
};
use crate::call::{Answer, Call, if_match};
use crate::openapi::{Content, Doc};

pub(crate) const DOC: Doc = Doc {
    id: "update_user",
    tag: "users",
    summary: "Change what a user is called",
    description: "What is left out stays as it is; `null` removes the e-mail address or the full name.",
    parameters: &[PATH, IF_MATCH],
    body: Some(Content::json(
        r#"{"type":"object","additionalProperties":false,"properties":{"username":{"type":"string","minLength":1,"maxLength":64,"pattern":"^[a-z0-9._-]+$"},"email":{"type":["string","null"],"maxLength":254},"full_name":{"type":["string","null"],"minLength":1,"maxLength":200}}}"#,
        &[("e-mail", r#"{"email":"ann@example.com"}"#)],
    )),
    replies: &[ANSWER],
    problems: &[
        UNKNOWN,
        EXCEEDS,
        TAKEN,
        EMAIL_TAKEN,
        ERASED,
        PRECONDITION[0],
        PRECONDITION[1],
        PRECONDITION[2],
    ],
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(clippy::option_option, reason = "left out, null and a text are three things")]
struct Input {
    username: Option<String>,
    #[serde(default, deserialize_with = "given")]
    email: Option<Option<String>>,
    #[serde(default, deserialize_with = "given")]
    full_name: Option<Option<String>>,
}

/// A member that is there, be it null.
#[expect(clippy::option_option, reason = "see `Input`")]
fn given<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Option<String>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

pub(crate) async fn handle(mut call: Call) -> Answer {
    call.query(&DOC)?;
    let user = of_path(&mut call).await?;
    let version = if_match(&call.parts)?;
    let input: Input = call.input().await?;
    let command = UpdateUser {
        user,
        version,
        username: input.username,
        email: input.email,
        full_name: input.full_name,
    };
    changed(&call, Command::UpdateUser(command)).await
}
