//! For whom something is done: who may, and that there is such a user.

use crate::code::{self, Code};
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
    let refuse = |code: &Code, message: String| Err(code.because(message).field("user"));
    match facts.users.get(&id) {
        None => refuse(&code::UNKNOWN_USER, format!("there is no user {id}")),
        Some(user) if user.row.erased_at.is_some() => {
            let message = format!("user {id} was erased");
            refuse(&code::USER_ERASED, message)
        }
        Some(_) => Ok(()),
    }
}
