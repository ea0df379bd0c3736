//! Checks evidence of an audit log offline: no network, no database, only files and the log's verifier key.
//!
//! Exit codes: 0 the evidence holds, 1 it does not, 2 it could not be checked.

mod approval;
mod args;
mod checks;
mod input;
mod review;
mod verdict;

use std::process::ExitCode;

use clap::Parser;

use args::Args;

fn main() -> ExitCode {
    let args = Args::parse();
    let outcome = checks::run(&args.check);
    verdict::print(&outcome, args.output)
}
