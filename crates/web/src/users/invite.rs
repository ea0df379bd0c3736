//! `POST /v1/users/{id}/invite`

use domain::Act;
use domain::identity::invitation::InviteUser;
use engine::identity::CreatedUser;

use super::{CreatedBody, INVITED, PATH, of_path, problem};
use crate::call::{Answer, Call, json, tagged};
use crate::openapi::{Content, Doc, Reply};

pub(crate) const DOC: Doc = Doc {
    id: "invite_user",
    tag: "users",
    summary: "Invite a user again",
    description: "A new invitation, by which the user sets a password, once; former ones no longer work. Until it is \
                  accepted, the user's password and sessions stay as they are.",
    parameters: &[PATH],
    replies: &[Reply {
        headers: &[("ETag", "The user's version.")],
        ..Reply::new(
            "200",
            "The user, and the invitation, shown once.",
            &[Content::typed::<CreatedBody<'static>>(INVITED)],
        )
    }],
    refusals: InviteUser::REFUSALS,
    ..Doc::EMPTY
};

pub(crate) async fn handle(mut call: Call) -> Answer {
    call.query(&DOC)?;
    let user = of_path(&mut call).await?;
    let engine = &call.app.engine;
    let invited = engine.invite_user(call.caller()?, call.origin(), user);
    let (user, version, token) = invited.await.map_err(problem)?;
    let made = CreatedUser {
        user,
        version,
        one_time_password: None,
        invitation: Some(token),
    };
    Ok(tagged(json(&CreatedBody::of(&made))?, version))
}
