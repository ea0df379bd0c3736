//! What agents do: conversations, executions and metrics, and who may keep them.

pub mod conversation;
mod erase;
pub mod execution;
pub mod metric;

pub(crate) use erase::erase;
