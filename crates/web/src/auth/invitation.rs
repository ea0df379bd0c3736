//! `POST /v1/auth/invitation`

use domain::Act;
use domain::identity::invitation::AcceptInvitation;
use schemars::JsonSchema;
use serde::Deserialize;
use views::UserView;

use crate::call::{Answer, Call, json, tagged};
use crate::openapi::{Content, Doc};
use crate::password::NewPassword;
use crate::users;

pub(crate) const DOC: Doc = Doc {
    id: "accept_invitation",
    tag: "account",
    summary: "Accept an invitation",
    description: "Sets the password of the user who was invited; every session of the user ends. An invitation works \
                  once. Then log in.",
    body: Some(Content::taken::<Input>(&[(
        "password",
        r#"{"token":"pri_0000000000000000000000000000000000000000000AbCdEf","password":"correct horse battery staple"}"#,
    )])),
    replies: &[users::ANSWER],
    refusals: AcceptInvitation::REFUSALS,
    ..Doc::EMPTY
};

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Input {
    /// What the invitation's link holds.
    #[schemars(length(max = 64))]
    token: String,
    password: NewPassword,
}

pub(crate) async fn handle(mut call: Call) -> Answer {
    call.query(&DOC)?;
    let input: Input = call.input().await?;
    let engine = &call.app.engine;
    let accepted = engine.accept_invitation(&input.token, input.password.0, call.origin());
    let (user, version) = accepted.await?;
    Ok(tagged(json(&UserView::of(&user, version))?, version))
}
