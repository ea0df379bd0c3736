//! The row of a conversation.

use evidence::time::Timestamp;
use uuid::Uuid;

use crate::{record, words};

/// Longest thread id, in characters.
pub const THREAD_LEN_MAX: usize = 256;

/// Longest title, in characters.
pub const TITLE_LEN_MAX: usize = 200;

/// Longest context, in bytes of canonical JSON.
pub const CONTEXT_LEN_MAX: usize = 65_536;

words! {
    /// Where a conversation stands.
    ConversationStatus {
        /// It goes on.
        Active = "active",
        /// It is over: nothing is added to it any more.
        Ended = "ended",
    }
}

record! {
    /// A conversation of a user with agents. What it holds is in no entry, so that it can be erased with the user.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Conversation in "conversations" {
        /// Id.
        pub id: id,
        /// Whose.
        pub user_id: Uuid [fixed],
        /// Its name where it is held, one of a user's; none once it is erased.
        pub thread: Option<String> [secret],
        /// What people call it.
        pub title: Option<String> [secret],
        /// What the application keeps with it, as canonical JSON: an object.
        pub context: Option<String> [secret],
        /// Where it stands.
        pub status: ConversationStatus,
        /// The user who made it; none for someone on the server's own machine.
        pub created_by: Option<Uuid> [fixed],
        /// When it was made.
        pub created_at: Timestamp [fixed],
        /// When it was last changed.
        pub updated_at: Timestamp,
        /// When it ended.
        pub ended_at: Option<Timestamp>,
    }
}
