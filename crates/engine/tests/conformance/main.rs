//! One list of cases, run on SQLite and on real PostgreSQL.

mod attacker;
mod catalogue;
mod restore;
mod schema;
mod support;
mod tamper;
mod tamper_rows;
mod write_path;
