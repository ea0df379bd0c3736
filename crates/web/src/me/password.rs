//! `POST /v1/me/password`

use domain::identity::user::ChangePassword;
use domain::{Act, code};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::call::{Answer, Call, no_content};
use crate::openapi::{Content, Doc, Reply, listed};
use crate::password::{NewPassword, Password};

pub(crate) const DOC: Doc = Doc {
    id: "change_password",
    tag: "account",
    summary: "Change one's own password",
    description: "Every other session of the user ends; the one that asks goes on.",
    body: Some(Content::taken::<Input>(&[(
        "passwords",
        r#"{"current_password":"abcdefghijkmnpqrstuvwxyz","new_password":"correct horse battery staple"}"#,
    )])),
    replies: &[Reply::new("204", "It is changed.", &[])],
    problems: &[listed(&code::TOO_MANY_LOGINS)],
    refusals: ChangePassword::REFUSALS,
    ..Doc::EMPTY
};

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Input {
    current_password: Password,
    new_password: NewPassword,
}

pub(crate) async fn handle(mut call: Call) -> Answer {
    call.query(&DOC)?;
    let input: Input = call.input().await?;
    let engine = &call.app.engine;
    engine
        .change_password(
            call.caller()?,
            call.origin(),
            input.current_password.0,
            input.new_password.0,
        )
        .await?;
    Ok(no_content())
}
