//! One list of cases, run on SQLite and on real PostgreSQL.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

mod attacker;
mod catalogue;
mod failures;
mod limits;
mod long_log;
mod model;
mod processes;
mod proofs;
mod questions;
mod reading;
mod restore;
mod schema;
mod support;
mod symbolic;
mod tamper;
mod tamper_rows;
mod words;
mod write_path;
