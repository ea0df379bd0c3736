//! Steps of executions: what a model said, a tool did, a search found. A step is final when it is written.

#[cfg(test)]
pub(crate) mod approval_tests;
mod cost;
mod price;
#[cfg(test)]
pub(crate) mod price_tests;
mod record;
mod row;
#[cfg(test)]
pub(crate) mod tests;
mod totals;

pub use cost::Cost;
pub use price::{Price, Prices};
pub(crate) use record::tell_unpriced;
pub use record::{Content, NewStep, RecordSteps};
pub use row::{
    CALL_ID_LEN_MAX, ExecutionStep, FINISH_REASON_LEN_MAX, FINISH_REASONS_MAX, Keeps, NAME_LEN_MAX,
    PRICED_BY_CALLER, PROVIDER_LEN_MAX, RecordedStep, STEPS_MAX, STEPS_OF_EXECUTION_MAX, StepKind,
    TOKENS_MAX, Usage,
};
pub use totals::{Sum, Totals};
