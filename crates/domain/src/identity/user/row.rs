//! The row of a user, and its bounds.

use crate::words::shows;
use evidence::time::Timestamp;
use uuid::Uuid;

use crate::identity::permission::Role;
use crate::record;
use crate::refusal::FieldError;

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
        /// How many balances were opened to the user, so that none can be taken away unnoticed; none until the first one
        /// is opened that is counted.
        pub balances: Option<u64> [sparse],
    }
}

shows! { User: id, username, role, active }

impl User {
    /// The same, disabled or enabled.
    #[must_use]
    pub(super) fn with_active(&self, active: bool, now: Timestamp) -> User {
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
pub(crate) const ERASED_PREFIX: &str = "erased-";

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
