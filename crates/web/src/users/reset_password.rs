//! `POST /v1/users/{id}/reset-password`

use domain::Act;
use domain::identity::user::ResetPassword;
use engine::identity::CreatedUser;

use super::{CreatedBody, GIVEN_PASSWORD, PATH, of_path, problem};
use crate::call::{Answer, Call, json, tagged};
use crate::openapi::{Content, Doc, Reply};

pub(crate) const DOC: Doc = Doc {
    id: "reset_password",
    tag: "users",
    summary: "Give a user a one-time password",
    description: "It must be changed at the next login. Every session of the user ends; invitations are withdrawn.",
    parameters: &[PATH],
    replies: &[Reply {
        headers: &[("ETag", "The user's version.")],
        ..Reply::new(
            "200",
            "The user, and the password, shown once.",
            &[Content::typed::<CreatedBody<'static>>(GIVEN_PASSWORD)],
        )
    }],
    refusals: ResetPassword::REFUSALS,
    ..Doc::EMPTY
};

pub(crate) async fn handle(mut call: Call) -> Answer {
    call.query(&DOC)?;
    let user = of_path(&mut call).await?;
    let engine = &call.app.engine;
    let reset = engine.reset_password(call.caller()?, call.origin(), user, false);
    let (user, version, password) = reset.await.map_err(problem)?;
    let made = CreatedUser {
        user,
        version,
        one_time_password: Some(password),
        invitation: None,
    };
    Ok(tagged(json(&CreatedBody::of(&made))?, version))
}
