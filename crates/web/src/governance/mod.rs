//! Metrics: how they are recorded, and what is said of many of them.

pub(crate) mod metric_figures;
pub(crate) mod record_metrics;
