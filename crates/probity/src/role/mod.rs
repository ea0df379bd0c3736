//! `probity role`: a file per verb. Roles come from the program and its settings alone: no database is needed.

mod explain;
mod list;
mod matrix;

use clap::Subcommand;

use crate::context::Context;
use crate::failure::{Exit, Failure};

/// The verbs.
#[derive(Debug, Subcommand)]
pub enum RoleCommand {
    /// List roles with what each may do
    #[command(after_help = "Example:\n  probity role list")]
    List,
    /// Print who may do what: permissions by role and scope, actions by permission
    #[command(after_help = "Example:\n  probity role matrix")]
    Matrix,
    /// Explain a permission or an action: who has it, and why one is refused
    #[command(
        after_help = "Actions are named as entries name them, such as user.set_role.\n\n\
            Example:\n  probity role explain users:write"
    )]
    Explain(explain::ExplainArgs),
}

/// Runs a verb.
pub fn run(context: &Context, command: &RoleCommand) -> Result<Exit, Failure> {
    match command {
        RoleCommand::List => list::run(context),
        RoleCommand::Matrix => matrix::run(context),
        RoleCommand::Explain(args) => explain::run(context, args),
    }
}

/// Words of permissions, roles or scopes, or that there is none.
fn joined<'a>(words: impl IntoIterator<Item = &'a str>) -> String {
    let words: Vec<_> = words.into_iter().collect();
    if words.is_empty() {
        "none".to_owned()
    } else {
        words.join(", ")
    }
}
