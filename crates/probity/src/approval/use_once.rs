//! `probity approval use`.

use clap::Args;
use domain::Command;
use domain::approval::UseApproval;
use engine::custody::Proposal;
use evidence::json::StrictObject;
use serde_json::Value;
use uuid::Uuid;

use super::{request, say};
use crate::context::{Context, caller, origin};
use crate::failure::{Exit, Failure};

/// Arguments of `probity approval use`.
#[derive(Debug, Args)]
pub struct UseArgs {
    /// Id of the approval
    approval: Uuid,
    /// The verb that it is for
    action: String,
    /// What exactly is done now: must be what was asked for
    #[arg(long, value_name = "JSON", value_parser = request::object)]
    arguments: StrictObject,
}

/// Uses.
pub async fn run(context: &Context, args: UseArgs) -> Result<Exit, Failure> {
    context
        .with_engine(async |engine| {
            let proposal = Proposal::Other {
                action: args.action,
                arguments: Value::Object(args.arguments.0),
            };
            let (action, arguments, _) = engine.approval_arguments(proposal).await?;
            let command = Command::UseApproval(UseApproval {
                approval: args.approval,
                action,
                arguments,
            });
            let answer = engine.submit(&caller(), origin(), command).await?;
            say(context, engine, &answer).await?;
            Ok(Exit::Ok)
        })
        .await
}
