//! Metrics: named numbers in time, of workflows and their executions.

mod figures;
mod number;
mod record;
mod row;
#[cfg(test)]
pub(crate) mod tests;

pub use figures::{Bucket, Figures, PERCENTILES_MAX, PERCENTILES_USUAL, Percentile};
pub use number::Number;
pub use record::{METRICS_MAX, NewMetric, RecordMetrics};
pub use row::{Metric, NAME_LEN_MAX, UNIT_LEN_MAX};
