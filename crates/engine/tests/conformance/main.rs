//! One list of cases, run on SQLite and on real PostgreSQL.

mod attacker;
mod catalogue;
mod failures;
mod model;
mod processes;
mod proofs;
mod reading;
mod restore;
mod schema;
mod support;
mod symbolic;
mod tamper;
mod tamper_rows;
mod write_path;
