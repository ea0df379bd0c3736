//! The mark of an erased entry.

use crate::record;

record! {
    /// The mark that a payload was erased by a command, not by hand.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Erasure in "erasures" {
        /// Id of the erased entry.
        pub id: id,
        /// Index of the erased entry.
        pub erased: u64,
    }
}
