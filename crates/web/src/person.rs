//! The user whom a request of custody is about: `me`, an id, or a name.

use domain::code::UNKNOWN_USER;
use domain::identity::Permission;
use uuid::Uuid;

use crate::call::Call;
use crate::custody::{by_name, not_found, oneself};
use crate::problem::Problem;

/// A user, in the schema of a parameter.
pub(crate) const SCHEMA: &str = r#"{"type":"string","minLength":1,"maxLength":254,"examples":["me"]}"#;

fn unknown(field: &str, text: &str) -> Problem {
    not_found(&UNKNOWN_USER, field, format!("there is no user {text:?}"))
}

/// The id of the user that a text means, the caller's own unless given. Whether there is a user of an id, the command
/// says.
pub(crate) async fn named(call: &Call, field: &str, text: Option<&str>) -> Result<Uuid, Problem> {
    let Some(text) = text else {
        return Ok(call.identity()?.user.id);
    };
    if let Some(own) = oneself(call, text)? {
        return Ok(own);
    }
    if let Ok(id) = Uuid::try_parse(text) {
        return Ok(id);
    }
    if !by_name(call)? {
        let message = "you may not read users: give `me` or the id of a user instead of a name";
        return Err(Problem::field(field, message));
    }
    let found = call.app.engine.user_by_login(text).await?;
    let found = found.map(|user| user.row.id);
    found.ok_or_else(|| unknown(field, text))
}

/// The same for reading: of others only for callers who hold this permission, and only of those who are there.
pub(crate) async fn readable(call: &Call, field: &str, text: &str, all: Permission) -> Result<Uuid, Problem> {
    if let Some(own) = oneself(call, text)? {
        return Ok(own);
    }
    // Who may not read all learns of no one but themselves.
    call.require(all).await?;
    let id = named(call, field, Some(text)).await?;
    let found = call.app.engine.user(id).await?;
    let found = found.map(|user| user.row.id);
    found.ok_or_else(|| unknown(field, text))
}
