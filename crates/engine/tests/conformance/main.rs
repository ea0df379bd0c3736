//! One list of cases, run on SQLite and on real PostgreSQL.

mod support;
mod write_path;
