//! `probity approval vote`: by a person.

use clap::{ArgGroup, Args};
use uuid::Uuid;

use super::say;
use crate::context::Context;
use crate::failure::{Exit, Failure};
use crate::person;

/// Arguments of `probity approval vote`.
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("choice").args(["approve", "reject"]).required(true))]
pub struct VoteArgs {
    /// Id of the approval
    approval: Uuid,
    /// For it
    #[arg(long)]
    approve: bool,
    /// Against it
    #[arg(long, requires = "reason")]
    reject: bool,
    /// Why; needed against it
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    /// Who votes: a user, whose password is asked for
    #[arg(long = "as", value_name = "NAME")]
    user: Option<String>,
}

/// Votes.
pub async fn run(context: &Context, args: VoteArgs) -> Result<Exit, Failure> {
    let user = args.user.as_deref();
    person::check(user)?;
    context
        .with_engine(async |engine| {
            let command = engine
                .prepare_vote(args.approval, args.approve, args.reason)
                .await?;
            let answer = person::decide(context, engine, user, command).await?;
            say(context, engine, &answer).await?;
            Ok(Exit::Ok)
        })
        .await
}
