//! Users: the row, its bounds, and who may change it; the verbs have files of their own.

mod change;
mod create;
mod erase;
mod password;
#[cfg(test)]
mod tests;

use std::fmt;

use evidence::time::Timestamp;
use uuid::Uuid;

pub use change::{DisableUser, EnableUser, SetRole, UpdateUser};
pub use create::{CreateUser, ImportUser};
pub use erase::EraseUser;
pub use password::{ChangePassword, RecoverUser, ResetPassword};

use crate::decision::{Decision, Draft, Reply};
use crate::facts::Facts;
use crate::identity::Principal;
use crate::identity::permission::Role;
use crate::record;
use crate::record::Sealed;
use crate::refusal::{FieldError, Refusal, RefusalKind};

/// Longest user name, in characters.
pub const USERNAME_LEN_MAX: usize = 64;

/// Longest e-mail address, in bytes (RFC 5321, section 4.5.3.1.3: a path of 256 with its brackets).
pub const EMAIL_LEN_MAX: usize = 254;

/// Longest full name, in characters.
pub const FULL_NAME_LEN_MAX: usize = 200;

record! {
    /// A user.
    #[derive(Clone, PartialEq, Eq)]
    pub struct User in "users" {
        /// Id.
        pub id: id,
        /// Name to log in by; unique in any case.
        pub username: String,
        /// E-mail address; unique in any case.
        pub email: Option<String>,
        /// Full name.
        pub full_name: Option<String>,
        /// Role.
        pub role: Role,
        /// False once disabled.
        pub active: bool,
        /// Argon2id hash in PHC form; bcrypt and others only from an import, until the next login.
        pub password_hash: Option<String> [secret],
        /// True while the password must be changed before anything else: it is for one time, or what it was checked
        /// against was made of a part of it.
        pub password_temporary: bool,
        /// When it was made.
        pub created_at: Timestamp,
        /// When it was last changed.
        pub updated_at: Timestamp,
        /// When the password was last set by its user.
        pub password_changed_at: Option<Timestamp> [added],
        /// When what is personal was erased.
        pub erased_at: Option<Timestamp> [added],
    }
}

impl fmt::Debug for User {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("User")
            .field("id", &self.id)
            .field("username", &self.username)
            .field("role", &self.role)
            .field("active", &self.active)
            .finish_non_exhaustive()
    }
}

impl User {
    /// The same, disabled or enabled.
    #[must_use]
    fn with_active(&self, active: bool, now: Timestamp) -> User {
        User {
            active,
            updated_at: now,
            ..self.clone()
        }
    }

    /// The same with another password.
    #[must_use]
    pub(crate) fn with_password(&self, hash: String, temporary: bool, now: Timestamp) -> User {
        User {
            password_hash: Some(hash),
            password_temporary: temporary,
            password_changed_at: if temporary {
                self.password_changed_at
            } else {
                Some(now)
            },
            updated_at: now,
            ..self.clone()
        }
    }
}

/// Whether a user name may hold this character.
pub fn is_username_char(c: char) -> bool {
    c.is_ascii_lowercase() || c.is_ascii_digit() || "._-".contains(c)
}

/// What comes before its id in the name of a user who was erased.
const ERASED_PREFIX: &str = "erased-";

/// Whether a name means something else where users are named: oneself, an id, a part of a path that programs leave
/// out, or a user who was erased.
fn is_reserved(username: &str) -> bool {
    let id = username.strip_prefix(ERASED_PREFIX).unwrap_or(username);
    matches!(username, "me" | "." | "..") || Uuid::try_parse(id).is_ok()
}

/// Checks the name of a new user, or a user's new name. Who was called otherwise before may stay so.
pub fn check_username(username: &str) -> Result<(), FieldError> {
    if username.is_empty() || username.len() > USERNAME_LEN_MAX || !username.chars().all(is_username_char) {
        return Err(FieldError::new(
            "username",
            format!("must be 1 to {USERNAME_LEN_MAX} characters of a-z, 0-9, '.', '_' and '-'"),
        ));
    }
    if is_reserved(username) {
        let message = "must not be \"me\", \".\", \"..\" or like an id (a UUID), which mean something else where users \
                       are named";
        return Err(FieldError::new("username", message));
    }
    Ok(())
}

/// Checks an e-mail address: its form, not whether it exists.
pub fn check_email(email: &str) -> Result<(), FieldError> {
    let ok = email.len() <= EMAIL_LEN_MAX
        && !email
            .chars()
            .any(|c| c.is_control() || c.is_whitespace() || "<>,;\"".contains(c))
        && email.split_once('@').is_some_and(|(local, domain)| {
            !local.is_empty()
                && local.len() <= 64
                && !domain.contains('@')
                && domain.split('.').all(|label| !label.is_empty())
        });
    if ok {
        return Ok(());
    }
    let message =
        format!("must be an e-mail address of at most {EMAIL_LEN_MAX} bytes, such as ann@example.com");
    Err(FieldError::new("email", message))
}

/// Checks a full name.
pub fn check_full_name(name: &str) -> Result<(), FieldError> {
    let length = name.chars().count();
    if length == 0 || length > FULL_NAME_LEN_MAX || name.chars().any(char::is_control) {
        let message = format!("must be 1 to {FULL_NAME_LEN_MAX} printable characters");
        return Err(FieldError::new("full_name", message));
    }
    Ok(())
}

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
        return Err(Refusal::new(RefusalKind::Conflict, "username_taken", message).field("username"));
    }
    let with_email = email.and_then(|email| facts.user_with_email(email));
    if with_email.as_ref().is_some_and(other) {
        let message = "this e-mail address is another user's";
        return Err(Refusal::new(RefusalKind::Conflict, "email_taken", message).field("email"));
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
    let message = format!("there is no user {id}");
    Refusal::new(RefusalKind::NotFound, "unknown_user", message).field("id")
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
        return Err(Refusal::new(RefusalKind::Conflict, "user_erased", message));
    }
    Ok(user)
}

/// The caller's own user.
pub(crate) fn own<'a>(facts: &'a Facts, id: Uuid, who: &Principal) -> Result<&'a Sealed<User>, Refusal> {
    let user = facts.users.get(&id).filter(|_| who.actor_id == Some(id));
    user.ok_or_else(|| {
        let message = "this is for one's own account";
        Refusal::new(RefusalKind::Forbidden, "session_needed", message)
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
    Refusal::new(RefusalKind::Forbidden, "wrong_password", message).field("password")
}

/// Refuses to leave an installation without an active admin.
pub(crate) fn check_admin_left(facts: &Facts, user: &User) -> Result<(), Refusal> {
    if user.role != Role::ADMIN || !user.active || facts.other_admin(user.id) {
        return Ok(());
    }
    let message = "this is the last active admin; make another one first";
    Err(Refusal::new(RefusalKind::Conflict, "last_admin", message))
}
