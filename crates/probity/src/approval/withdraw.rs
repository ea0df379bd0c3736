//! `probity approval withdraw`.

use clap::Args;
use domain::Command;
use uuid::Uuid;

use super::say;
use crate::context::Context;
use crate::failure::{Exit, Failure};
use crate::person;
use domain::approval::WithdrawApproval;

/// Arguments of `probity approval withdraw`.
#[derive(Debug, Args)]
pub struct WithdrawArgs {
    /// Id of the approval
    approval: Uuid,
    /// As this user, who asked for it, and whose password is asked for
    #[arg(long = "as", value_name = "NAME")]
    user: Option<String>,
}

/// Takes back.
pub async fn run(context: &Context, args: WithdrawArgs) -> Result<Exit, Failure> {
    context
        .with_engine(async |engine| {
            let command = Command::WithdrawApproval(WithdrawApproval {
                approval: args.approval,
            });
            let answer = person::act(context, engine, args.user.as_deref(), command).await?;
            say(context, engine, &answer).await?;
            Ok(Exit::Ok)
        })
        .await
}
