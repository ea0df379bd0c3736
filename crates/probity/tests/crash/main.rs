//! The binary when things go wrong around it: killed at any moment, beside other processes, and as the README
//! tells people to use it.
//!
//! `PROBITY_BIN` names the program under test, usually the release build; without it, it is the one that cargo
//! built with these tests.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "the helpers of tests are no tests to clippy"
)]

mod agents;
mod client;
mod crash;
mod erased;
mod everywhere;
mod executions;
mod first_start;
#[path = "../cli/harness.rs"]
#[expect(dead_code, reason = "the tests of the command line need more of it")]
mod harness;
mod identity;
mod import;
mod ledger;
mod mcp;
mod processes;
mod random;
mod readme;
mod server;
