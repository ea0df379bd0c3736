//! What becomes of spans.

use uuid::Uuid;

/// What became of spans.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Observation {
    /// The execution.
    pub execution: Uuid,
    /// Whether there is such an execution now.
    pub begun: bool,
    /// Whether its root may have come before it.
    pub waits: bool,
    /// How many became steps now.
    pub steps: u64,
    /// How many had become steps before.
    pub again: u64,
    /// How many scores became metrics now.
    pub scores: u64,
    /// Those that were not taken: their places in the command, a code, and why.
    pub rejected: Vec<(usize, &'static str, String)>,
}
