//! The binary as its users run it, on SQLite and on PostgreSQL.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "the helpers of tests are no tests to clippy"
)]

mod agents;
mod approvals;
mod backups;
mod config;
mod custody;
mod development;
mod doctor;
mod exact;
mod golden;
mod harness;
mod import;
mod import_shapes;
mod import_stream;
mod init;
mod jobs;
mod keys;
mod migrations;
mod operations;
mod options;
mod outputs;
mod people;
mod policies;
mod read;
mod request_log;
mod restores;
mod retention;
mod roles;
mod same;
mod scripts;
mod serve;
mod server;
mod sessions;
mod signing_key;
mod storage;
mod terminal;
mod usage;
mod user_import;
mod users;
mod verify;
mod workflows;
mod write;
