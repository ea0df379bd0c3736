//! Words of look-ups that both engines read: how rows are locked, and where a key is compared.

/// How rows that a decision reads are locked (PostgreSQL; on SQLite the write lock covers all).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lock {
    /// Not at all.
    None,
    /// Against change, until the transaction ends.
    Share,
    /// For change.
    Update,
}

/// A statement whose key is compared: where it says `[key]`, or at its end.
pub(crate) fn compared(select: &str, comparison: &str) -> String {
    match select.split_once("[key]") {
        Some((before, after)) => format!("{before}{comparison}{after}"),
        None => format!("{select} {comparison}"),
    }
}
