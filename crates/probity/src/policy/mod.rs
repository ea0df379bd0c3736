//! `probity policy`: policies come from the settings alone, so no database is needed.

mod test;

use clap::Subcommand;

use crate::context::Context;
use crate::failure::{Exit, Failure};

/// The verbs.
#[derive(Debug, Subcommand)]
pub enum PolicyCommand {
    /// Say what the policies of the settings say to a request, and why
    #[command(
        after_help = "The file is what POST /v1/approvals takes: a JSON object with action and arguments. Of an action of \
            Probity's own it has the arguments as the approval shows them.\n\n\
            Example:\n  probity policy test request.json --agent triage"
    )]
    Test(test::TestArgs),
}

/// Runs a verb.
pub fn run(context: &Context, command: &PolicyCommand) -> Result<Exit, Failure> {
    match command {
        PolicyCommand::Test(args) => test::run(context, args),
    }
}
