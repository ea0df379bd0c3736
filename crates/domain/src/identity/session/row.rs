//! The row of a session.

use evidence::time::Timestamp;
use uuid::Uuid;

use crate::{record, words};

/// Most sessions that a user has at once; a further login ends the oldest.
pub const SESSIONS_MAX: usize = 100;

record! {
    /// A login session, without its secret.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Session in "sessions" {
        /// Id.
        pub id: id,
        /// Whose it is.
        pub user_id: Uuid,
        /// SHA-256 of the token.
        pub hash: Vec<u8> [secret],
        /// Whether a second factor was used.
        pub second_factor: bool,
        /// Network address of the login; gone once it has ended.
        pub ip: Option<String> [secret],
        /// Program of the login; gone once it has ended.
        pub user_agent: Option<String> [secret],
        /// When it began.
        pub created_at: Timestamp,
        /// When it ends at the latest.
        pub expires_at: Timestamp,
        /// When it ends unless it is used.
        pub idle_expires_at: Timestamp,
        /// When it ended.
        pub ended_at: Option<Timestamp>,
        /// Why: a word of [`EndReason`].
        pub ended_reason: Option<String>,
    }
}

words! {
    /// Why a session ended.
    EndReason {
        /// Its user logged out.
        Logout = "logout",
        /// Its user or somebody entitled ended it.
        Revoked = "revoked",
        /// It was not used, or lasted as long as it may.
        Expired = "expired",
        /// The password was changed or reset.
        PasswordChanged = "password_changed",
        /// The user was disabled.
        UserDisabled = "user_disabled",
        /// The user was erased.
        UserErased = "user_erased",
        /// There were too many.
        TooMany = "too_many",
    }
}

impl Session {
    /// Whether it can be used at `now`, as far as the session itself says.
    pub fn is_live(&self, now: Timestamp) -> bool {
        self.ended_at.is_none() && now < self.expires_at && now < self.idle_expires_at
    }

    /// The same, ended, and without what is personal: where it came from stays in the entry about the login.
    #[must_use]
    pub fn ended(&self, reason: EndReason, now: Timestamp) -> Session {
        Session {
            ip: None,
            user_agent: None,
            ended_at: Some(now),
            ended_reason: Some(reason.as_str().to_owned()),
            ..self.clone()
        }
    }
}
