//! `probity workflow heartbeat`.

use clap::Args;
use domain::code;
use domain::workflow::execution::Execution;
use uuid::Uuid;
use views::ExecutionView;

use crate::failure::Failure;
use crate::output::minute;
use crate::verb::{Printout, Verb, Work, json};

/// Arguments of `probity workflow heartbeat`.
#[derive(Debug, Args)]
pub struct HeartbeatArgs {
    /// Id of the execution
    execution: Uuid,
}

impl Verb for HeartbeatArgs {
    async fn run(self, work: &Work<'_>) -> Result<Printout, Failure> {
        let id = self.execution;
        let absent =
            || engine::Error::from(code::UNKNOWN_EXECUTION.absent(format_args!("execution {id}"), "id"));
        let found = work
            .engine
            .row_proven::<Execution>(id)
            .await?
            .ok_or_else(absent)?;
        let (execution, renewed) = work.engine.renew(found.row).await?;
        let until = execution.lapses_at(renewed);
        let view = ExecutionView::of(execution, renewed, work.engine.now());
        let sentence = format!(
            "The lease of {} is renewed until {} UTC.",
            view.workflow,
            minute(until)
        );
        Ok(Printout::noted(false, json(&view)?, &sentence))
    }
}
