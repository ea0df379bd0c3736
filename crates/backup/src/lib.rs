//! Backups: one file that holds the whole log and every sealed row, the same from both engines.
//!
//! [`format`] says what is in it.

pub mod format;
