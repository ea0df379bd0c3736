//! The write path and everything that reads the log: the library that the server, the command line and embedding
//! programs use.
//!
//! [`Engine`] owns one Writer (a thread with the only connection that writes) and a pool of reading connections.
//! A change is a [`domain::Command`] given to [`Engine::submit`]; the Writer takes what is waiting as one batch
//! and commits it in one transaction with its entries and the new head of the Merkle log.
//!
//! Where to start reading: [`writer`] for the life of a write, [`read`] for proofs, [`verify`] for what makes
//! tampering visible, [`guard`] for what makes a rollback visible. The example `examples/shop.rs` embeds it in
//! an application.

mod auth;
mod checkpointer;
mod engine;
pub mod error;
pub mod guard;
pub mod import;
pub mod init;
pub mod keyfile;
pub mod metrics;
mod random;
pub mod read;
pub mod verify;
mod watch;
pub mod writer;

pub use engine::{Engine, Options};
pub use error::Error;
pub use init::{FirstAdmin, InitStep, Initialised};
pub use metrics::Metrics;
pub use read::{EntryKey, EntryPage, Health, HealthCheck};
pub use writer::Answer;
