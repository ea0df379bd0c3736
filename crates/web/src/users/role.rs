//! `POST /v1/users/{id}/role`

use domain::Command;
use domain::identity::user::SetRole;
use serde::Deserialize;

use super::{
    ANSWER, ERASED, EXCEEDS, IF_MATCH, LAST_ADMIN, PATH, PRECONDITION, UNKNOWN, changed, of_path, role_named,
};
use crate::call::{Answer, Call, if_match};
use crate::openapi::{Content, Doc};

pub(crate) const DOC: Doc = Doc {
    id: "set_role",
    tag: "users",
    summary: "Give a user another role",
    description: "Effective at once for every session and API key of the user, in other processes within a second. \
                  Nobody can give, or change, a role that may do more than they may.",
    parameters: &[PATH, IF_MATCH],
    body: Some(Content::json(
        r#"{"type":"object","required":["role"],"additionalProperties":false,"properties":{"role":{"type":"string","maxLength":32}}}"#,
        &[("auditor", r#"{"role":"auditor"}"#)],
    )),
    replies: &[ANSWER],
    problems: &[
        UNKNOWN,
        EXCEEDS,
        ERASED,
        LAST_ADMIN,
        PRECONDITION[0],
        PRECONDITION[1],
        PRECONDITION[2],
    ],
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Input {
    role: String,
}

pub(crate) async fn handle(mut call: Call) -> Answer {
    call.query(&DOC)?;
    let user = of_path(&mut call).await?;
    let version = if_match(&call.parts)?;
    let input: Input = call.input().await?;
    let command = SetRole {
        user,
        version,
        role: role_named(&call, &input.role)?,
    };
    changed(&call, Command::SetRole(command)).await
}
