//! The row of a legal hold.

use evidence::time::Timestamp;
use uuid::Uuid;

use crate::{record, words};

/// Longest reason, in characters.
pub const REASON_LEN_MAX: usize = 500;

/// Longest actor or target, in characters.
pub const NAMED_LEN_MAX: usize = 256;

/// Most holds that are active at a time: every erasure looks at all of them.
pub const ACTIVE_MAX: usize = 1_000;

words! {
    /// Where a legal hold stands.
    HoldStatus {
        /// Nothing under it is erased or pruned.
        Active = "active",
        /// It holds nothing any more.
        Released = "released",
    }
}

record! {
    /// A legal hold. It covers the entries for which everything that it names is true.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct LegalHold in "legal_holds" {
        /// Id.
        pub id: id,
        /// Entries by this actor, as the filter finds it.
        pub actor: Option<String>,
        /// Entries about this target, as the filter finds it.
        pub target: Option<String>,
        /// Entries by or about this user, its API keys and its agents.
        pub user_id: Option<Uuid>,
        /// Entries that were recorded, or tell of what happened, at this time or later.
        pub since: Option<Timestamp>,
        /// Entries that were recorded, or tell of what happened, before this time.
        pub until: Option<Timestamp>,
        /// Why.
        pub reason: String,
        /// Where it stands.
        pub status: HoldStatus,
        /// The user who set it; none for someone on the server's own machine.
        pub created_by: Option<Uuid>,
        /// When it was set.
        pub created_at: Timestamp,
        /// Who released it.
        pub released_by: Option<Uuid>,
        /// When it was released.
        pub released_at: Option<Timestamp>,
        /// Why it was released.
        pub release_reason: Option<String>,
    }
}

impl LegalHold {
    /// Whether it names this user: as its user, or by id as its actor or target.
    pub(super) fn names(&self, user: Uuid) -> bool {
        let is = |named: &Option<String>| named.as_deref() == Some(&user.to_string());
        self.user_id == Some(user) || is(&self.actor) || is(&self.target)
    }
}
