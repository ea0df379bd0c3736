//! The write path and everything that reads the log: the library that the server, the command line and embedding
//! programs use.
//!
//! [`Engine`] owns one Writer (a thread with the only connection that writes) and a pool of reading connections.
//! A change is a [`domain::Command`] given to [`Engine::submit`]; the Writer takes what is waiting as one batch
//! and commits it in one transaction with its entries and the new head of the Merkle log.
//!
//! Where to start reading: [`writer`] for the life of a write, [`read`] for proofs, [`verify`] for what makes
//! tampering visible, [`continuity`] and [`guard`] for what makes a rollback visible. The example `examples/shop` embeds it in an
//! application.

mod auth;
pub mod chat_import;
mod checkpointer;
pub mod clear;
pub mod clock;
pub mod compact;
pub mod continuity;
pub mod credentials;
pub mod custody;
pub mod database;
pub mod disk;
pub mod drill;
mod engine;
pub mod error;
mod export;
mod footprint;
mod governance;
pub mod guard;
pub mod health;
mod holds;
pub mod identity;
pub mod import;
pub mod init;
pub mod keyfile;
mod lately;
mod leases;
mod limits;
pub mod list;
pub mod metrics;
mod observe;
mod open;
mod pages;
mod random;
pub mod read;
pub mod retention;
mod roots;
pub mod runs;
mod seals;
mod search;
mod security_log;
pub mod seed;
mod seen;
pub mod series;
mod storage;
mod submit;
mod tail;
mod tiles;
pub mod told;
pub mod upkeep;
pub mod verify;
mod waits;
mod watch;
pub mod workflow;
pub mod writer;
pub mod writes;

pub use auth::Identity;
pub use continuity::{Fault, Halt};
pub use engine::{Engine, IdentityOptions, Options};
pub use error::Error;
pub use export::{Bundle, Export, LogThen, PART_BYTES_MAX};
pub use footprint::Footprint;
pub use health::{Health, HealthCheck};
pub use init::{FirstAdmin, InitStep, Initialised};
pub use limits::{LimitStats, Limits, Quota, SeenKind, Taken};
pub use metrics::Metrics;
pub use observe::Observed;
pub use random::now;
pub use read::{EntryKey, EntryPage};
pub use search::{SEARCH_TIME, SEARCHES_WAITING_MAX};
pub use submit::noting;
pub use tail::ShownEntry;
pub use waits::WAITERS_MAX;
pub use writer::Answer;
