//! `POST /v1/auth/invitation`

use serde::Deserialize;

use crate::call::{Answer, Call, json, tagged};
use crate::openapi::{Content, Doc};
use crate::users::{self, UserBody};

pub(crate) const DOC: Doc = Doc {
    id: "accept_invitation",
    tag: "account",
    summary: "Accept an invitation",
    description: "Sets the password of the user who was invited; every session of the user ends. An invitation works \
                  once. Then log in.",
    body: Some(Content::json(
        r##"{"type":"object","required":["token","password"],"additionalProperties":false,"properties":{"token":{"type":"string","maxLength":64,"description":"What the invitation's link holds."},"password":{"$ref":"#/components/schemas/NewPassword"}}}"##,
        &[(
            "password",
            r#"{"token":"pri_0000000000000000000000000000000000000000000AbCdEf","password":"correct horse battery staple"}"#,
        )],
    )),
    replies: &[users::ANSWER],
    problems: &[(
        "401",
        "invalid_invitation",
        "not known, used, withdrawn or expired",
    )],
    ..Doc::EMPTY
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Input {
    token: String,
    password: String,
}

pub(crate) async fn handle(mut call: Call) -> Answer {
    call.query(&DOC)?;
    let input: Input = call.input().await?;
    let engine = &call.app.engine;
    let accepted = engine.accept_invitation(&input.token, input.password, call.origin());
    let (user, version) = accepted.await?;
    Ok(tagged(json(&UserBody::of(&user, version))?, version))
}
