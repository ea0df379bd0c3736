//! What agents do: conversations, and who may keep them.

pub mod conversation;
mod erase;
pub mod execution;

pub(crate) use erase::erase;
