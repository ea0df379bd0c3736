//! Traces of OpenTelemetry: a trace is an execution, its spans are steps.

#[cfg(test)]
pub(crate) mod bounds_tests;
mod observation;
mod observe;
#[cfg(test)]
pub(crate) mod tests;

pub use observation::Observation;
pub use observe::{NewScore, ObserveTrace, SPANS_MAX, Span, UNNAMED, conversation_id};
