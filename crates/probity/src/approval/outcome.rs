//! `probity approval outcome`: what came of what an approval was used for.

use clap::Args;
use domain::approval::{ApprovalOutcome, ReportOutcome};
use evidence::json::{StrictObject, canonical};
use serde_json::Value;
use uuid::Uuid;

use super::printout;
use crate::failure::Failure;
use crate::parse;
use crate::verb::{Printout, Verb, Work};

/// Arguments of `probity approval outcome`.
#[derive(Debug, Args)]
pub struct OutcomeArgs {
    /// Id of the approval
    approval: Uuid,
    /// How it ended: succeeded or failed
    #[arg(value_parser = outcome)]
    outcome: ApprovalOutcome,
    /// What came of it: a JSON object
    #[arg(long, value_name = "JSON", value_parser = parse::object)]
    result: Option<StrictObject>,
}

fn outcome(word: &str) -> Result<ApprovalOutcome, String> {
    ApprovalOutcome::read("outcome", word).map_err(|error| error.message)
}

impl Verb for OutcomeArgs {
    async fn run(self, work: &Work<'_>) -> Result<Printout, Failure> {
        let command = ReportOutcome {
            approval: self.approval,
            outcome: self.outcome,
            result: self.result.map(|result| canonical(&Value::Object(result.0))),
        };
        printout(work, work.submit(command).await?).await
    }
}
