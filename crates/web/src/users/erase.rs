//! `POST /v1/users/{id}/erase`

use domain::Act;
use domain::identity::user::EraseUser;
use schemars::JsonSchema;
use serde::Deserialize;
use views::UserErased;

use super::{PATH, TAG, of_path, problem};
use crate::call::{Answer, Call, json, tagged};
use crate::openapi::{Content, Doc, Reply};

pub(crate) const DOC: Doc = Doc {
    id: "erase_user",
    tag: "users",
    summary: "Erase what is personal of a user",
    description: "The user's names and credentials go, and the payload of every entry by or about the user. Entries \
                  stay in the log, with what was done and when, and every proof stays valid. It cannot be undone. Sent \
                  again, it erases what came since.",
    parameters: &[PATH],
    body: Some(Content::taken::<Input>(&[(
        "request",
        r#"{"reason":"asked for by the user, ticket 4711"}"#,
    )])),
    replies: &[Reply::shown::<UserErased>("200", "It is erased.").with(&[TAG])],
    refusals: EraseUser::REFUSALS,
    ..Doc::EMPTY
};

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Input {
    /// Kept in the log; it should hold nothing personal.
    #[schemars(length(min = 1, max = 500))]
    reason: String,
}

pub(crate) async fn handle(mut call: Call) -> Answer {
    call.query(&DOC)?;
    let input: Input = call.input().await?;
    let id = of_path(&mut call).await?;
    let engine = &call.app.engine;
    let erased = engine.erase_user(call.caller()?, call.origin(), id, &input.reason);
    let erased = erased.await.map_err(problem)?;
    Ok(tagged(json(&UserErased::of(&erased))?, erased.version))
}
