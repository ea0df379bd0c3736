//! For whom something is done: who may, and that there is such a user.

use crate::code;
use uuid::Uuid;

use crate::identity::{Authority, Permission, Principal};
use crate::refusal::Refusal;
use crate::tables::Facts;

/// Checks that the caller may do something for a user: with one permission for all, with the other for oneself.
pub(crate) fn authorise_for(
    user: Uuid,
    who: &Principal,
    all: Permission,
    own: Permission,
) -> Result<Authority, Refusal> {
    match who.authorise(all) {
        Err(_) if who.actor_id == Some(user) => who.authorise(own),
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
