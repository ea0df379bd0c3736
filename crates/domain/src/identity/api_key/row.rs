//! The row of an API key.

use evidence::time::Timestamp;
use uuid::Uuid;

use crate::identity::permission::Scope;
use crate::record;

/// Longest name of a key, in characters.
pub const NAME_LEN_MAX: usize = 100;

record! {
    /// An API key, without its secret.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct ApiKey in "api_keys" {
        /// Id.
        pub id: id,
        /// Its owner.
        pub user_id: Uuid,
        /// A name for people.
        pub name: String,
        /// The first characters of the secret, to recognise it by.
        pub shown: String,
        /// SHA-256 of the secret.
        pub hash: Vec<u8> [secret],
        /// What it is for.
        pub scopes: Vec<Scope>,
        /// When it was made.
        pub created_at: Timestamp,
        /// From when it is no longer good.
        pub expires_at: Option<Timestamp>,
        /// When it was revoked.
        pub revoked_at: Option<Timestamp>,
        /// Most requests in a minute; the installation's setting unless given.
        pub requests_per_minute: Option<i64> [added],
        /// The key that took its place by rotation.
        pub successor: Option<Uuid> [added],
        /// The agent that it is for, of its owner: whoever calls with it is the agent.
        pub agent_id: Option<Uuid> [added],
    }
}

impl ApiKey {
    /// The scopes as one text, separated by spaces.
    pub fn scopes_text(&self) -> String {
        self.scopes
            .iter()
            .map(|scope| scope.as_str())
            .collect::<Vec<_>>()
            .join(" ")
    }
}

/// Most requests in a minute that a key can be given.
pub const REQUESTS_PER_MINUTE_MAX: i64 = 100_000_000;

/// Longest time that a rotated key goes on beside its successor, in seconds.
pub const OVERLAP_S_MAX: i64 = 30 * 86_400;
