//! The crate and its binary, as an auditor uses them: on entries of a real log, sound and tampered with.

#![allow(
    clippy::unwrap_used,
    reason = "clippy takes only functions marked as tests for tests, not their helpers"
)]

mod approvals;
mod bundle;
mod cli;
mod cli_bundle;
mod entry;
mod erased_by;
mod log;
mod random;
mod receipt;
mod seeds;
mod steps;
mod tampered;
mod verifier;
mod verifier_browser;
mod verifier_json;
