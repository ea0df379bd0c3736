//! `POST /v1/users/{id}/reset-password`

use domain::Act;
use domain::identity::user::ResetPassword;
use http::StatusCode;
use views::UserMade;

use super::{PATH, TAG, made, of_path, problem};
use crate::call::{Answer, Call};
use crate::openapi::{Content, Doc, Example, Reply};

pub(crate) const DOC: Doc = Doc {
    id: "reset_password",
    tag: "users",
    summary: "Give a user a one-time password",
    description: "It must be changed at the next login. Every session of the user ends; invitations are withdrawn.",
    parameters: &[PATH],
    replies: &[Reply::new(
        "200",
        "The user, and the password, shown once.",
        &[Content {
            example: Example::Of(|| serde_json::to_value(UserMade::with_password()).unwrap_or_default()),
            ..Content::shown_here::<UserMade>()
        }],
    )
    .with(&[TAG])],
    refusals: ResetPassword::REFUSALS,
    ..Doc::EMPTY
};

pub(crate) async fn handle(mut call: Call) -> Answer {
    call.query(&DOC)?;
    let user = of_path(&mut call).await?;
    let engine = &call.app.engine;
    let reset = engine.reset_password(call.caller()?, call.origin(), user, false);
    let reset = reset.await.map_err(problem)?;
    made(&call, StatusCode::OK, reset).await
}
