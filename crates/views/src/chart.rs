//! What of a list is drawn above it.

use crate::cell::Cell;

/// A bar for each row, of parts that stand one after the other. The list itself has the same numbers.
#[derive(Clone, Debug)]
pub struct Chart {
    /// What it shows.
    pub caption: &'static str,
    /// What each part is.
    pub parts: &'static [&'static str],
    /// What each bar is of, and how much each of its parts is.
    pub bars: Vec<(Cell, Vec<u64>)>,
}
