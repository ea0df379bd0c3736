//! House rules, checked on the source tree itself.
//!
//! `coverage` keeps `docs/coverage.md` and `docs/limits.md` honest, `crates` keeps dependencies pointing one way, `circles`
//! keeps files from depending on each other in circles, `sql` keeps statements in one crate, `source` keeps files small and finished, `alarms` keeps each alarm and its runbook together, `docs` keeps links and texts fit to be read by anyone.

#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]
#![expect(
    clippy::case_sensitive_file_extension_comparisons,
    reason = "names of our own files, whose case is known"
)]

#[path = "house/alarms.rs"]
mod alarms;
#[path = "house/circles.rs"]
mod circles;
#[path = "house/coverage.rs"]
mod coverage;
#[path = "house/crates.rs"]
mod crates;
#[path = "house/decisions.rs"]
mod decisions;
#[path = "house/docs.rs"]
mod docs;
#[path = "house/glossary.rs"]
mod glossary;
#[path = "house/modules.rs"]
mod modules;
#[path = "house/rust.rs"]
mod rust;
#[path = "house/scanning.rs"]
mod scanning;
#[path = "house/source.rs"]
mod source;
#[path = "house/sql.rs"]
mod sql;
#[path = "house/tests.rs"]
mod tests;
#[path = "house/tree.rs"]
mod tree;
