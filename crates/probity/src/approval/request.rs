//! `probity approval request`.

use clap::Args;
use domain::Command;
use domain::approval::RequestApproval;
use engine::custody::Proposal;
use evidence::Timestamp;
use evidence::json::StrictObject;
use serde_json::Value;
use uuid::Uuid;

use super::say;
use crate::context::{Context, caller, origin};
use crate::failure::{Exit, Failure};
use crate::parse;

/// Arguments of `probity approval request`.
#[derive(Debug, Args)]
pub struct RequestArgs {
    /// The verb that it is for: 1 to 100 characters of a-z, 0-9, '.', '_' and '-'
    action: String,
    /// What exactly: a JSON object; it is good for nothing else
    #[arg(long, value_name = "JSON", value_parser = object)]
    arguments: StrictObject,
    /// Why
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    /// How many must vote for it: 1 to 10
    #[arg(long, value_name = "N", default_value_t = 1)]
    quorum: u64,
    /// From when it is no longer good; custody.approval_expires_h of the settings unless given
    #[arg(long, value_name = "TIME", value_parser = parse::future)]
    expires: Option<Timestamp>,
    /// An id of your own: the same id with the same content is the same approval
    #[arg(long)]
    id: Option<Uuid>,
}

pub(super) fn object(text: &str) -> Result<StrictObject, String> {
    serde_json::from_str(text).map_err(|error| format!("must be a JSON object: {error}"))
}

/// Asks.
pub async fn run(context: &Context, args: RequestArgs) -> Result<Exit, Failure> {
    context
        .with_engine(async |engine| {
            let proposal = Proposal::Other {
                action: args.action,
                arguments: Value::Object(args.arguments.0),
            };
            let (action, arguments, _) = engine.approval_arguments(proposal).await?;
            let command = Command::RequestApproval(RequestApproval {
                id: args.id,
                action,
                arguments,
                reason: args.reason,
                quorum: args.quorum,
                expires_at: args.expires,
            });
            let answer = engine.submit(&caller(), origin(), command).await?;
            say(context, engine, &answer).await?;
            Ok(Exit::Ok)
        })
        .await
}
