//! `probity workflow complete`, `fail` and `cancel`.

use clap::Args;
use domain::Command;
use domain::workflow::execution::{Cancel, Complete, Fail, FinishExecution};
use evidence::json::{StrictObject, canonical};
use serde_json::Value;
use uuid::Uuid;

use super::printout;
use crate::failure::Failure;
use crate::parse;
use crate::verb::{Printout, Verb, Work};

/// Which execution, and whether it is meant.
#[derive(Debug, Args)]
struct Which {
    /// Id of the execution
    execution: Uuid,
    /// Say what would come of it, and do nothing
    #[arg(long)]
    dry_run: bool,
}

impl Which {
    async fn finish<F>(&self, work: &Work<'_>, finish: F) -> Result<Printout, Failure>
    where
        Command: From<FinishExecution<F>>,
    {
        let command = FinishExecution {
            execution: self.execution,
            renewed: work.engine.renewed(self.execution).await?,
            finish,
        };
        let answer = work.submit_or_try(command, self.dry_run).await?;
        printout(work, &answer, self.dry_run).await
    }
}

/// Arguments of `probity workflow complete`.
#[derive(Debug, Args)]
pub struct CompleteArgs {
    #[command(flatten)]
    which: Which,
    /// What it gave: a JSON object
    #[arg(long, value_name = "JSON", value_parser = parse::object)]
    result: Option<StrictObject>,
}

impl Verb for CompleteArgs {
    async fn run(self, work: &Work<'_>) -> Result<Printout, Failure> {
        let result = self.result.map(|result| canonical(&Value::Object(result.0)));
        self.which.finish(work, Complete { result }).await
    }
}

/// Arguments of `probity workflow fail`.
#[derive(Debug, Args)]
pub struct FailArgs {
    #[command(flatten)]
    which: Which,
    /// What sort of error
    #[arg(long, value_name = "TEXT")]
    error_type: Option<String>,
    /// The error in words
    #[arg(long, value_name = "TEXT")]
    error: Option<String>,
}

impl Verb for FailArgs {
    async fn run(self, work: &Work<'_>) -> Result<Printout, Failure> {
        let (error_type, error) = (self.error_type, self.error);
        self.which.finish(work, Fail { error_type, error }).await
    }
}

/// Arguments of `probity workflow cancel`.
#[derive(Debug, Args)]
pub struct CancelArgs {
    #[command(flatten)]
    which: Which,
    /// Why
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
}

impl Verb for CancelArgs {
    async fn run(self, work: &Work<'_>) -> Result<Printout, Failure> {
        let reason = self.reason;
        self.which.finish(work, Cancel { reason }).await
    }
}
