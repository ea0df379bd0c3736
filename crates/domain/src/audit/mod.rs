//! The audit log: events from outside, erasure, and what is asked of the log.

pub mod activity;
pub mod erase;
pub mod erasure;
pub mod event;
pub mod export_key;
pub mod filter;
pub mod hold;
pub mod known;
pub mod record_events;
pub mod restore;

pub use event::{Event, NewEntry};
pub use filter::EntryFilter;
pub use known::KnownEntry;
