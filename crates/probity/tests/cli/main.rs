//! The binary as its users run it, on SQLite and on PostgreSQL.

mod config;
mod harness;
mod import;
mod init;
mod keys;
mod read;
mod serve;
mod usage;
mod verify;
mod write;
