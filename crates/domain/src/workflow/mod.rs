//! What agents do: conversations, executions with their steps, and metrics; and who may keep them.

pub mod conversation;
mod erase;
pub mod execution;
pub mod metric;
pub mod rules;
pub mod step;
pub mod trace;

pub(crate) use erase::erase;
