//! `POST /v1/users/{id}/invite`

use domain::Act;
use domain::identity::invitation::InviteUser;
use http::StatusCode;
use views::UserMade;

use super::{PATH, TAG, made, of_path, problem};
use crate::call::{Answer, Call};
use crate::openapi::{Doc, Reply};

pub(crate) const DOC: Doc = Doc {
    id: "invite_user",
    tag: "users",
    summary: "Invite a user again",
    description: "A new invitation, by which the user sets a password, once; former ones no longer work. Until it is \
                  accepted, the user's password and sessions stay as they are.",
    parameters: &[PATH],
    replies: &[Reply::shown::<UserMade>("200", "The user, and the invitation, shown once.").with(&[TAG])],
    refusals: InviteUser::REFUSALS,
    ..Doc::EMPTY
};

pub(crate) async fn handle(mut call: Call) -> Answer {
    call.query(&DOC)?;
    let user = of_path(&mut call).await?;
    let engine = &call.app.engine;
    let invited = engine.invite_user(call.caller()?, call.origin(), user).await;
    made(&call, StatusCode::OK, invited.map_err(problem)?).await
}
