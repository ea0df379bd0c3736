//! Destinations: where a user may withdraw to, once a cooling-off time has passed.

use evidence::time::Timestamp;
use uuid::Uuid;

use crate::record;

record! {
    /// A destination of withdrawals.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Destination in "destinations" {
        /// Id.
        pub id: id,
        /// Whose withdrawals may go there.
        pub user_id: Uuid,
        /// Of which asset.
        pub asset_id: Uuid,
        /// The address, as its chain writes it.
        pub address: String,
        /// What its user calls it.
        pub label: Option<String>,
        /// The user who added it; none for someone on the server's own machine.
        pub created_by: Option<Uuid>,
        /// When it was added.
        pub created_at: Timestamp,
        /// From when it can be used.
        pub usable_at: Timestamp,
        /// When it was removed.
        pub removed_at: Option<Timestamp>,
    }
}

/// Adds a destination.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddDestination {
    /// The caller's own id for it: the same id with the same content is the same destination.
    pub id: Option<Uuid>,
    /// Whose.
    pub user: Uuid,
    /// Of which asset.
    pub asset: Uuid,
    /// The address: 1 to 128 printable ASCII characters without spaces.
    pub address: String,
    /// What its user calls it: 1 to 100 characters.
    pub label: Option<String>,
}

/// Removes a destination.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemoveDestination {
    /// Which.
    pub destination: Uuid,
}

/// Decides [`AddDestination`].
pub fn add(
    _facts: &crate::Facts,
    _command: &AddDestination,
    _who: &crate::identity::Principal,
    _ctx: &crate::Context,
) -> Result<crate::Decision, crate::Refusal> {
    Err(crate::Refusal::invalid("command", "to be written"))
}

/// Decides [`RemoveDestination`].
pub fn remove(
    _facts: &crate::Facts,
    _command: &RemoveDestination,
    _who: &crate::identity::Principal,
    _ctx: &crate::Context,
) -> Result<crate::Decision, crate::Refusal> {
    Err(crate::Refusal::invalid("command", "to be written"))
}
