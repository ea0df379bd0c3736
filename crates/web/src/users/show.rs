//! `GET /v1/users/{id}`

use domain::identity::user::User;
use views::{Show, USER_PARTS, UserWhole, Viewer};

use super::{PATH, TAG};
use crate::call::{Answer, Call, json, tagged};
use crate::openapi::{Doc, Parameter, Reply};
use crate::{custody, person};

pub(crate) const DOC: Doc = Doc {
    id: User::SHOW.id,
    tag: "users",
    summary: User::SHOW.summary,
    description: User::SHOW.description,
    parameters: &[
        PATH,
        &[Parameter::query(
            "include",
            "What to show beside the user: `kyc`, `balances`, `api_keys` and `activities`, with a comma between them.",
            r#"{"type":"string","pattern":"^(kyc|balances|api_keys|activities)(,(kyc|balances|api_keys|activities))*$","examples":["kyc,balances"]}"#,
        )],
    ],
    replies: &[Reply::shown::<UserWhole>("200", "The user.").with(&[TAG])],
    problems: &[custody::UNKNOWN_USER, custody::PARAMETER],
    ..Doc::EMPTY
};

pub(crate) async fn handle(mut call: Call) -> Answer {
    let query = call.query(&DOC)?;
    let expected = "kyc, balances, api_keys, activities, or several with a comma between them";
    let included = query.read("include", expected, |text| {
        let part = |word| USER_PARTS.iter().find(|(name, _)| *name == word);
        text.split(',').map(part).collect::<Option<Vec<_>>>()
    })?;
    let included = included.unwrap_or_default();
    let text = call.path().await?;
    let (engine, identity) = (&call.app.engine, call.identity()?);
    let user = engine.user_meant(&text).await?;
    let user = user.ok_or_else(|| person::unknown("id", &text))?;
    // Whoever asks for a part that they may not read is refused: they are not to think that there is nothing.
    for (_, permission) in &included {
        if identity.user.id != user.row.id {
            call.require(*permission).await?;
        }
    }
    let (viewer, version) = (Viewer::of(identity), user.version);
    let mut whole = UserWhole::of(engine, user).await?;
    for (part, _) in included {
        whole.include(engine, viewer, part).await?;
    }
    Ok(tagged(json(&whole)?, version))
}
