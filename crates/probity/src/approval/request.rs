//! `probity approval request`.

use clap::Args;
use domain::approval::RequestApproval;
use engine::custody::Proposal;
use evidence::Timestamp;
use evidence::json::StrictObject;
use serde_json::Value;
use uuid::Uuid;

use super::printout;
use crate::failure::Failure;
use crate::parse;
use crate::verb::{Printout, Verb, Work};

/// Arguments of `probity approval request`.
#[derive(Debug, Args)]
pub struct RequestArgs {
    /// The verb that it is for: 1 to 100 characters of a-z, 0-9, '.', '_' and '-'
    action: String,
    /// What exactly: a JSON object; it is good for nothing else
    #[arg(long, value_name = "JSON", value_parser = parse::object)]
    arguments: StrictObject,
    /// Why
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    /// How many must vote for it: 1 to 10; what the policy says unless given, which is also the fewest
    #[arg(long, value_name = "N")]
    quorum: Option<u64>,
    /// From when it is no longer good; what the policy or custody.approval_expires_h of the settings says unless given
    #[arg(long, value_name = "TIME", value_parser = parse::future)]
    expires: Option<Timestamp>,
    /// The execution that waits for it: its lease does not lapse while the approval is pending
    #[arg(long, value_name = "ID")]
    execution: Option<Uuid>,
    /// An id of your own: the same id with the same content is the same approval
    #[arg(long)]
    id: Option<Uuid>,
}

impl Verb for RequestArgs {
    async fn run(self, work: &Work<'_>) -> Result<Printout, Failure> {
        let proposal = Proposal::Other {
            action: self.action,
            arguments: Value::Object(self.arguments.0),
        };
        let (action, arguments, _) = work.engine.approval_arguments(proposal).await?;
        let execution = match self.execution {
            Some(id) => Some((id, work.engine.renewed(id).await?)),
            None => None,
        };
        let command = RequestApproval {
            id: self.id,
            action,
            arguments,
            reason: self.reason,
            quorum: self.quorum,
            expires_at: self.expires,
            execution,
        };
        printout(work, work.submit(command).await?).await
    }
}
