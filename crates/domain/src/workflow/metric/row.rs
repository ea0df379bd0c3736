//! The row of a metric.

use evidence::payload::DragMode;
use evidence::time::Timestamp;
use uuid::Uuid;

use super::Number;
use crate::record;

/// Longest name of a metric, in bytes.
pub const NAME_LEN_MAX: usize = 100;

/// Longest unit, in characters.
pub const UNIT_LEN_MAX: usize = 32;

record! {
    /// A metric: one number. It never changes.
    #[derive(Clone, Debug, PartialEq)]
    pub struct Metric in "metrics" {
        /// Id.
        pub id: id,
        /// What is measured.
        pub name: String [fixed],
        /// The number.
        pub value: Number [fixed],
        /// In what.
        pub unit: Option<String> [sparse] [fixed],
        /// When it was so.
        pub at: Timestamp [fixed],
        /// The workflow that it is about; that of its execution, where it has one.
        pub workflow: Option<String> [sparse] [fixed],
        /// What sort of work it is about; that of its execution, where it has one.
        pub drag_mode: Option<DragMode> [sparse] [fixed],
        /// The execution that it is about.
        pub execution_id: Option<Uuid> [sparse] [fixed],
        /// The user of its execution, or who recorded it; none for someone on the server's own machine.
        pub user_id: Option<Uuid> [sparse] [fixed],
    }
}
