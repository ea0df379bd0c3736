//! `probity approval use`.

use clap::Args;
use domain::approval::UseApproval;
use engine::custody::Proposal;
use evidence::json::StrictObject;
use serde_json::Value;
use uuid::Uuid;

use super::printout;
use crate::failure::Failure;
use crate::parse;
use crate::verb::{Printout, Verb, Work};

/// Arguments of `probity approval use`.
#[derive(Debug, Args)]
pub struct UseArgs {
    /// Id of the approval
    approval: Uuid,
    /// The verb that it is for
    action: String,
    /// What exactly is done now: must be what was asked for
    #[arg(long, value_name = "JSON", value_parser = parse::object)]
    arguments: StrictObject,
}

impl Verb for UseArgs {
    async fn run(self, work: &Work<'_>) -> Result<Printout, Failure> {
        let proposal = Proposal::Other {
            action: self.action,
            arguments: Value::Object(self.arguments.0),
        };
        let (action, arguments, _) = work.engine.approval_arguments(proposal).await?;
        let command = UseApproval {
            approval: self.approval,
            action,
            arguments,
        };
        printout(work, work.submit(command).await?).await
    }
}
