//! Users: the row, its bounds, and who may change it; the verbs have files of their own.

mod change;
mod create;
mod erase;
mod password;
mod row;
#[cfg(test)]
pub(crate) mod tests;

pub use change::{DisableUser, EnableUser, SetRole, UpdateUser};
pub use create::{CreateUser, ImportUser};
pub use erase::EraseUser;
pub use password::{ChangePassword, RecoverUser, ResetPassword};
pub(crate) use row::ERASED_PREFIX;
pub use row::{
    EMAIL_LEN_MAX, FULL_NAME_LEN_MAX, USERNAME_LEN_MAX, User, check_email, check_full_name, check_username,
    is_username_char,
};

use crate::code;
use uuid::Uuid;

use crate::decision::{Decision, Draft, Reply};
use crate::identity::Principal;
use crate::identity::permission::Role;
use crate::record::Sealed;
use crate::refusal::Refusal;
use crate::tables::Facts;

fn check_role(facts: &Facts, role: &Role) -> Result<(), Refusal> {
    if facts.rules.role(role).is_some() {
        return Ok(());
    }
    let known: Vec<_> = facts
        .rules
        .roles()
        .iter()
        .map(|rule| rule.name.as_str())
        .collect();
    Err(Refusal::invalid(
        "role",
        format!("must be one of {}", known.join(", ")),
    ))
}

fn check_free(facts: &Facts, id: Option<Uuid>, username: &str, email: Option<&str>) -> Result<(), Refusal> {
    let other = |user: &&Sealed<User>| Some(user.row.id) != id;
    if facts.user_named(username).as_ref().is_some_and(other) {
        let message = format!("user name {username:?} is taken");
        return Err(code::USERNAME_TAKEN.because(message).field("username"));
    }
    let with_email = email.and_then(|email| facts.user_with_email(email));
    if with_email.as_ref().is_some_and(other) {
        let message = "this e-mail address is another user's";
        return Err(code::EMAIL_TAKEN.because(message).field("email"));
    }
    Ok(())
}

/// A user as an answer.
pub(crate) fn reply(sealed: &Sealed<User>) -> Reply {
    Reply::User {
        user: sealed.row.clone(),
        version: sealed.version,
    }
}

fn written(before: &Sealed<User>, after: User, draft: Draft) -> Decision {
    let version = before.version + 1;
    Decision::one(Reply::User { user: after, version }, draft)
}

fn unknown(id: Uuid) -> Refusal {
    code::UNKNOWN_USER.absent(format_args!("user {id}"), "id")
}

/// A user whom the caller may change: not one that may do more than the caller, nor one that was erased.
pub(crate) fn to_change<'a>(
    facts: &'a Facts,
    id: Uuid,
    who: &Principal,
) -> Result<&'a Sealed<User>, Refusal> {
    let user = facts.users.get(&id).ok_or_else(|| unknown(id))?;
    who.covers(&user.row.role, &facts.rules)?;
    if user.row.erased_at.is_some() {
        let message = "this user was erased, and can no longer be changed";
        return Err(code::USER_ERASED.because(message));
    }
    Ok(user)
}

/// The caller's own user.
pub(crate) fn own<'a>(facts: &'a Facts, id: Uuid, who: &Principal) -> Result<&'a Sealed<User>, Refusal> {
    let user = facts.users.get(&id).filter(|_| who.actor_id == Some(id));
    user.ok_or_else(|| {
        let message = "this is for one's own account";
        code::SESSION_NEEDED.because(message)
    })
}

/// Refuses when the user's password is no longer the one that was checked.
pub(crate) fn check_password(user: &Sealed<User>, verified_hash: &str) -> Result<(), Refusal> {
    if user.row.password_hash.as_deref() == Some(verified_hash) {
        return Ok(());
    }
    Err(wrong_password())
}

/// The answer to a wrong current password.
pub fn wrong_password() -> Refusal {
    let message = "this is not your password";
    code::WRONG_PASSWORD.because(message).field("password")
}

/// Refuses to leave an installation without an active admin.
pub(crate) fn check_admin_left(facts: &Facts, user: &User) -> Result<(), Refusal> {
    if user.role != Role::ADMIN || !user.active || facts.other_admin(user.id) {
        return Ok(());
    }
    let message = "this is the last active admin; make another one first";
    Err(code::LAST_ADMIN.because(message))
}
