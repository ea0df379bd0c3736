//! One list of cases, run on SQLite and on real PostgreSQL.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

mod attacker;
mod catalogue;
mod custody_again;
mod custody_approved;
mod custody_desk;
mod custody_import;
mod custody_model;
mod custody_model_cases;
mod custody_model_steps;
mod custody_model_world;
mod custody_movements;
mod custody_processes;
mod custody_reading;
mod custody_rich;
mod custody_verify;
mod failures;
mod identity_access;
mod identity_erase;
mod identity_key_model;
mod identity_keys;
mod identity_log;
mod identity_login;
mod identity_second_factor;
mod identity_sessions;
mod identity_throttle;
mod identity_upgrade;
mod identity_users;
mod limits;
mod long_log;
mod model;
mod people;
mod processes;
mod proofs;
mod questions;
mod reading;
mod restore;
mod schema;
mod seals;
mod support;
mod symbolic;
mod tamper;
mod tamper_rows;
mod words;
mod write_path;
