//! The binary: arguments, configuration, start-up, output.
//!
//! It owns no rule and no SQL: each command reads its input, asks the engine, and shows the answer. There is a
//! file per noun and, where a noun has several verbs, a file per verb ([`audit`], [`user`], [`session`], [`key`],
//! [`role`], [`asset`], [`balance`], [`operation`], [`kyc`], [`destination`], [`approval`], [`conversation`], [`workflow`], [`step`]).
//!
//! To add a command: write its file with a struct of arguments and, if it changes something, its [`verb::Verb`]; add a
//! line with an example to the noun's list of verbs. To add a setting: add it to [`config::Config`], to [`config::keys`] and to
//! `config/example.toml`; a test compares the three.

mod account;
mod activity;
mod agent;
mod approval;
mod asset;
mod audit;
mod balance;
mod cli;
mod completions;
mod config;
mod context;
mod conversation;
mod db;
mod demo;
mod destination;
mod doctor;
mod failure;
mod global;
mod governance;
mod how;
mod init;
mod job;
mod key;
mod kyc;
mod levels;
mod log;
mod machine;
mod manager;
mod metric;
mod nouns;
mod operation;
mod output;
mod parse;
mod person;
mod plain;
mod policy;
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
mod step;
mod table;
mod usage;
mod user;
mod verb;
mod workflow;

use std::any::TypeId;
use std::process::ExitCode;

use clap::{Arg, CommandFactory, FromArgMatches};
use uuid::Uuid;

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
    let parsed = with_ids(Cli::command()).try_get_matches();
    let cli = match parsed.and_then(|matches| Cli::from_arg_matches(&matches)) {
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

/// A command whose ids say what an id is like.
fn with_ids(command: clap::Command) -> clap::Command {
    let is_id = |arg: &Arg| arg.get_value_parser().type_id() == TypeId::of::<Uuid>();
    let told = |arg: Arg| {
        if is_id(&arg) {
            arg.value_parser(parse::id)
        } else {
            arg
        }
    };
    command.mut_args(told).mut_subcommands(with_ids)
}

fn run(cli: Cli) -> Result<Exit, Failure> {
    match &cli.command {
        Command::Completions(args) => return completions::run(args),
        Command::ManPages(args) => return completions::man_pages(args),
        _ => {}
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
            Command::Serve(args) => Box::pin(serve::run(&context, args)).await,
            Command::Init(args) => init::run(&context, args).await,
            Command::Audit(command) => command.run(&context).await,
            Command::Key(command) => command.run(&context).await,
            Command::User(command) => command.run(&context).await,
            Command::Session(command) => command.run(&context).await,
            Command::Role(command) => role::run(&context, &command),
            Command::Policy(command) => policy::run(&context, &command),
            Command::Asset(command) => command.run(&context).await,
            Command::Balance(command) => command.run(&context).await,
            Command::Operation(command) => command.run(&context).await,
            Command::Kyc(command) => command.run(&context).await,
            Command::Workflow(command) => command.run(&context).await,
            Command::Step(command) => command.run(&context).await,
            Command::Conversation(command) => command.run(&context).await,
            Command::Governance(command) => command.run(&context).await,
            Command::Metric(command) => command.run(&context).await,
            Command::Activity(command) => command.run(&context).await,
            Command::Agent(command) => command.run(&context).await,
            Command::Destination(command) => command.run(&context).await,
            Command::Approval(command) => command.run(&context).await,
            Command::Job(command) => command.run(&context).await,
            Command::Db(command) => command.run(&context).await,
            Command::Config => settings::run(&context),
            Command::Status => status::run(&context).await,
            Command::Doctor => doctor::run(&context).await,
            Command::Completions(args) => completions::run(&args),
            Command::ManPages(args) => completions::man_pages(&args),
        }
    });
    // What still reads (a blocked standard input) must not hold the process back.
    runtime.shutdown_background();
    exit
}
