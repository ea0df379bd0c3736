//! `POST /v1/users/{id}/disable`

use domain::identity::user::DisableUser;

use super::{ANSWER, ERASED, EXCEEDS, LAST_ADMIN, PATH, UNKNOWN, changed, of_path};
use crate::call::{Answer, Call};
use crate::openapi::Doc;

pub(crate) const DOC: Doc = Doc {
    id: "disable_user",
    tag: "users",
    summary: "Disable a user",
    description: "The user's sessions end, and the user's API keys are refused, until it is enabled again. What the user did stays.",
    parameters: &[PATH],
    replies: &[ANSWER],
    problems: &[UNKNOWN, EXCEEDS, ERASED, LAST_ADMIN],
    ..Doc::EMPTY
};

pub(crate) async fn handle(mut call: Call) -> Answer {
    call.query(&DOC)?;
    let user = of_path(&mut call).await?;
    changed(&call, DisableUser { user }.into()).await
}
