//! The audit log: events from outside, erasure and pruning, and what is asked of the log.

pub mod activity;
pub mod erase;
pub mod erasure;
pub mod event;
pub mod export_key;
pub mod filter;
pub mod hold;
pub mod known;
pub mod prune;
pub mod pruning;
pub mod record_events;
pub mod restore;
pub mod retention;
pub mod sentence;

pub use event::{Event, NewEntry};
pub use filter::EntryFilter;
pub use known::KnownEntry;
