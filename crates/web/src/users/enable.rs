//! `POST /v1/users/{id}/enable`

use domain::identity::user::EnableUser;

use super::{ANSWER, ERASED, EXCEEDS, PATH, UNKNOWN, changed, of_path};
use crate::call::{Answer, Call};
use crate::openapi::Doc;

pub(crate) const DOC: Doc = Doc {
    id: "enable_user",
    tag: "users",
    summary: "Enable a user again",
    description: "The user's API keys are good again; sessions that ended stay ended.",
    parameters: &[PATH],
    replies: &[ANSWER],
    problems: &[UNKNOWN, EXCEEDS, ERASED],
    ..Doc::EMPTY
};

pub(crate) async fn handle(mut call: Call) -> Answer {
    call.query(&DOC)?;
    let user = of_path(&mut call).await?;
    changed(&call, EnableUser { user }.into()).await
}
