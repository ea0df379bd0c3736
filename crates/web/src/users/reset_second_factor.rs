//! `POST /v1/users/{id}/reset-second-factor`

use domain::Command;

use super::{ANSWER, ERASED, EXCEEDS, PATH, UNKNOWN, changed, of_path};
use crate::call::{Answer, Call};
use crate::openapi::Doc;

pub(crate) const DOC: Doc = Doc {
    id: "reset_second_factor",
    tag: "users",
    summary: "Remove a user's second factor",
    description: "For one who lost it. Where the role demands one, the user must enrol another at next login.",
    parameters: &[PATH],
    replies: &[ANSWER],
    problems: &[UNKNOWN, EXCEEDS, ERASED],
    ..Doc::EMPTY
};

pub(crate) async fn handle(mut call: Call) -> Answer {
    call.query(&DOC)?;
    let user = of_path(&mut call).await?;
    changed(&call, Command::ResetSecondFactor(user)).await
}
