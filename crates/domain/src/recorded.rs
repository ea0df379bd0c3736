//! Where what a command asks for stands in the log.

use evidence::time::Timestamp;
use uuid::Uuid;

/// Where an entry stands in the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Position, counted from 0.
    pub index: u64,
    /// When it was recorded.
    pub at: Timestamp,
}

/// An entry that a command recorded or found recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Recorded {
    /// Its id.
    pub id: Uuid,
    /// Its place; none until the log is locked, for an entry of this batch.
    pub place: Option<Place>,
    /// True where the same id with the same content had been recorded before.
    pub replayed: bool,
}
