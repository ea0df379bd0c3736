//! Payloads that are not there any more.

/// Why an entry has no payload, as far as the log's tables say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gone {
    /// A command erased it: that of the entry of this index, where that was looked up.
    Erased(Option<u64>),
    /// Retention pruned it.
    Pruned,
    /// No command took it away.
    ByHand,
}

impl Default for Gone {
    fn default() -> Gone {
        Gone::Erased(None)
    }
}

impl Gone {
    /// What is said of a payload that no command took away.
    pub const BY_HAND: &str = "the payload was removed by hand: no command erased or pruned it";
    /// What is said of a payload without its salt, and of a salt without its payload.
    pub const HALF: &str = "payload and salt are not both there or both erased";
}
