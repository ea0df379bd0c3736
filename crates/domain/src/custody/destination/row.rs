//! The row of a destination.

use evidence::time::Timestamp;
use uuid::Uuid;

use crate::record;

/// Longest address, in characters.
pub const ADDRESS_LEN_MAX: usize = 128;

/// Longest label, in characters.
pub const LABEL_LEN_MAX: usize = 100;

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
