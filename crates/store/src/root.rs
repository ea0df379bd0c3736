//! A root of a trace, as it is kept.

use evidence::time::Timestamp;
use uuid::Uuid;

/// The root of a trace that is no step: it is kept until a step comes, in whatever process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Root {
    /// The trace: follows from the user and the execution.
    pub id: Uuid,
    /// Where it stands among the roots of its trace.
    pub place: String,
    /// What it says.
    pub root: String,
    /// When it came.
    pub at: Timestamp,
}
