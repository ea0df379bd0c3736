//! The user whom a request is about: `me`, an id, or a name.

use domain::code;
use domain::identity::Permission;
use uuid::Uuid;

use crate::call::Call;
use crate::custody::{by_name, oneself};
use crate::problem::Problem;

/// A user, in the schema of a parameter.
pub(crate) const SCHEMA: &str = r#"{"type":"string","minLength":1,"maxLength":254,"examples":["me"]}"#;

/// There is no such user.
pub(crate) fn unknown(field: &str, text: &str) -> Problem {
    engine::Error::from(code::UNKNOWN_USER.absent(format_args!("user {text:?}"), field)).into()
}

/// Who may not read users names them by their ids.
fn may_name(call: &Call, field: &str, text: &str) -> Result<(), Problem> {
    if Uuid::try_parse(text).is_ok() || by_name(call)? {
        return Ok(());
    }
    let message = "you may not read users: give `me` or the id of a user instead of a name";
    Err(Problem::field(field, message))
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
    may_name(call, field, text)?;
    there(call, field, text).await
}

/// The same for reading: of others only for callers who hold this permission, and only of those who are there. Whoever
/// is `shown` names may give them too.
pub(crate) async fn readable(
    call: &Call,
    field: &str,
    text: &str,
    all: Permission,
    shown: bool,
) -> Result<Uuid, Problem> {
    if let Some(own) = oneself(call, text)? {
        return Ok(own);
    }
    // Who may not read all learns of no one but themselves.
    call.require(all).await?;
    if !shown {
        may_name(call, field, text)?;
    }
    there(call, field, text).await
}

async fn there(call: &Call, field: &str, text: &str) -> Result<Uuid, Problem> {
    let found = call.app.engine.user_meant(text).await?;
    let found = found.map(|user| user.row.id);
    found.ok_or_else(|| unknown(field, text))
}
