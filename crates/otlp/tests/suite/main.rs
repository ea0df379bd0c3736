//! Bodies as clients send them, and what becomes of them.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "clippy takes only functions marked as tests for tests, not their helpers"
)]

mod bodies;
mod cells;
mod docs;
mod instrumentation;
mod made;
mod recordings;
mod spans;
