//! The binary: arguments, configuration, start-up, output.
//!
//! It owns no rule and no SQL: each command reads its input, asks the engine, and shows the answer. There is a
//! file per noun and, where a noun has several verbs, a file per verb ([`audit`], [`user`], [`session`], [`key`],
//! [`role`], [`asset`], [`balance`], [`operation`], [`kyc`], [`destination`], [`approval`]).
//!
//! To add a command: write its file with a struct of arguments (with an example in `after_help`) and `run`; add a
//! variant to the noun's enum. To add a setting: add it to [`config::Config`], to [`config::keys`] and to
//! `config/example.toml`; a test compares the three.

mod account;
mod approval;
mod asset;
mod audit;
mod balance;
mod cli;
mod completions;
mod config;
mod context;
mod demo;
mod destination;
mod failure;
mod global;
mod how;
mod init;
mod key;
mod kyc;
mod levels;
mod log;
mod nouns;
mod operation;
mod output;
mod parse;
mod person;
mod plain;
mod progress;
mod prompt;
mod rejected;
mod role;
mod serve;
mod session;
mod settings;
mod signal;
mod source;
mod status;
mod table;
mod usage;
mod user;

use std::process::ExitCode;

use clap::Parser;

use cli::{Cli, Command};
use context::Context;
use failure::{Exit, Failure};

/// Threads beside the workers for what blocks: more reads from SQLite at once than this gain nothing.
const BLOCKING_THREADS_MAX: usize = 24;

/// Many small, short-lived allocations on several threads: measured at a tenth of the server's time less than with
/// the C library's allocator.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return usage::tell(&error).into(),
    };
    let output = cli.global.output;
    match run(cli) {
        Ok(exit) => exit.into(),
        Err(failure) => {
            failure.print(output);
            failure.exit.into()
        }
    }
}

fn run(cli: Cli) -> Result<Exit, Failure> {
    if let Command::Completions(args) = &cli.command {
        return completions::run(args);
    }
    let context = Context::new(cli.global)?;
    log::start(&context, matches!(cli.command, Command::Serve(_)))?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        // A read from SQLite blocks its thread and another takes its place: without a bound, a load of reads makes
        // hundreds of threads, each with memory of its own.
        .max_blocking_threads(BLOCKING_THREADS_MAX)
        .enable_all()
        .build()
        .map_err(|error| {
            Failure::could_not_run("runtime", error.to_string(), "see the limits of this account")
        })?;
    let exit = runtime.block_on(async {
        match cli.command {
            Command::Serve(args) => serve::run(&context, args).await,
            Command::Init(args) => init::run(&context, args).await,
            Command::Audit { command } => audit::run(&context, *command).await,
            Command::Key { command } => key::run(&context, command).await,
            Command::User { command } => user::run(&context, *command).await,
            Command::Session { command } => session::run(&context, command).await,
            Command::Role { command } => role::run(&context, &command),
            Command::Asset { command } => asset::run(&context, command).await,
            Command::Balance { command } => balance::run(&context, command).await,
            Command::Operation { command } => operation::run(&context, *command).await,
            Command::Kyc { command } => Box::pin(kyc::run(&context, command)).await,
            Command::Destination { command } => destination::run(&context, command).await,
            Command::Approval { command } => Box::pin(approval::run(&context, command)).await,
            Command::Config => settings::run(&context),
            Command::Status => status::run(&context).await,
            Command::Completions(args) => completions::run(&args),
        }
    });
    // What still reads (a blocked standard input) must not hold the process back.
    runtime.shutdown_background();
    exit
}
