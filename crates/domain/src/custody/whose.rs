//! For whom something is done: who may, and that there is such a user.

use std::collections::HashMap;

use crate::code;
use uuid::Uuid;

use crate::identity::{Authority, Permission, Principal};
use crate::record::Sealed;
use crate::refusal::Refusal;
use crate::tables::Facts;

/// Checks that the caller may do something for a user: with one permission for all, with the other for oneself,
/// or as an agent for the user on whose behalf it acts.
pub(crate) fn authorise_for(
    user: Uuid,
    who: &Principal,
    all: Permission,
    own: Permission,
) -> Result<Authority, Refusal> {
    match who.authorise(all) {
        Err(_) if who.user_id == Some(user) => who.authorise(own),
        authority => authority,
    }
}

/// Refuses a user that is not there, or was erased.
pub(crate) fn check_user(facts: &Facts, id: Uuid) -> Result<(), Refusal> {
    match facts.users.get(&id) {
        None => Err(code::UNKNOWN_USER.absent(format_args!("user {id}"), "user")),
        Some(user) if user.row.erased_at.is_some() => {
            let message = format!("user {id} was erased");
            Err(code::USER_ERASED.because(message).field("user"))
        }
        Some(_) => Ok(()),
    }
}

/// What a caller may change of this id, with what allows it: everything with one permission, what is their own with the
/// other. Somebody else's looks as if it were not there.
pub(crate) fn find_for<'a, T>(
    rows: &'a HashMap<Uuid, Sealed<T>>,
    id: Uuid,
    user: impl Fn(&T) -> Uuid,
    who: &Principal,
    (all, own): (Permission, Permission),
    unknown: impl FnOnce() -> Refusal,
) -> Result<(&'a Sealed<T>, Authority), Refusal> {
    let allowed = who.authorise(all).ok();
    let of_all = allowed.is_some();
    let authority = allowed.map_or_else(|| who.authorise(own), Ok)?;
    let found = rows
        .get(&id)
        .filter(|found| of_all || Some(user(&found.row)) == who.user_id);
    Ok((found.ok_or_else(unknown)?, authority))
}
