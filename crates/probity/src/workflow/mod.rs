//! `probity workflow`: executions of workflows, a file per verb.

mod finish;
mod heartbeat;
mod import;
mod start;

use domain::workflow::execution::Execution as Row;
use engine::Answer;
use views::{Execution, ExecutionView};

use crate::failure::Failure;
use crate::nouns::{self, ListArgs, ShowArgs};
use crate::verb::{Printout, Work, json, verbs, would_be};

verbs! {
    /// What can be done about executions of workflows.
    WorkflowCommand {
        /// Start an execution: it runs until it ends, or its lease lapses
        #[command(after_help = "Example:\n  probity workflow start triage ann --mission 'Find out who logged in'")]
        Start(start::StartArgs),
        /// Renew the lease of an execution from now on; that is no entry
        #[command(after_help = "Example:\n  probity workflow heartbeat 0197a3c4-5e6f-7a8b-9c0d-1e2f3a4b5c6d")]
        Heartbeat(heartbeat::HeartbeatArgs),
        /// Complete an execution
        #[command(
            after_help = "Example:\n  probity workflow complete 0197a3c4-5e6f-7a8b-9c0d-1e2f3a4b5c6d --result '{\"logins\":3}'"
        )]
        Complete(finish::CompleteArgs),
        /// Fail an execution
        #[command(
            after_help = "Example:\n  probity workflow fail 0197a3c4-5e6f-7a8b-9c0d-1e2f3a4b5c6d --error-type timeout"
        )]
        Fail(finish::FailArgs),
        /// Cancel an execution
        #[command(after_help = "Example:\n  probity workflow cancel 0197a3c4-5e6f-7a8b-9c0d-1e2f3a4b5c6d --reason wrong")]
        Cancel(finish::CancelArgs),
        /// Import runs of agents as executions, their tool calls as steps, their rewards as metrics
        #[command(
            after_help = "The same file again changes nothing.\n\n\
                Example:\n  probity workflow import runs.jsonl --format chat-jsonl --workflow airline --user ann"
        )]
        Import(import::ImportArgs) => import::run,
        /// List executions, newest first
        #[command(after_help = "Example:\n  probity workflow list --workflow triage --status failed --since 7d")]
        List(ListArgs<Execution>) => nouns::list,
        /// Show an execution with those within it
        #[command(
            after_help = "Its entries: probity audit list --target ID\n\n\
                Example:\n  probity workflow show 0197a3c4-5e6f-7a8b-9c0d-1e2f3a4b5c6d"
        )]
        Show(ShowArgs<Execution>) => nouns::show,
    }
}

/// How an execution stands now.
async fn printout(work: &Work<'_>, answer: &Answer<(Row, u64)>, dry: bool) -> Result<Printout, Failure> {
    let view = ExecutionView::of_one(work.engine, answer.reply.0.clone()).await?;
    let (workflow, status) = (&view.workflow, view.status.as_str());
    if dry {
        let sentence = format!("The execution of {workflow} would be {status}.");
        return Ok(Printout::noted(false, would_be(&view)?, &sentence));
    }
    let sentence = format!("The execution of {workflow} is {status}.");
    let printout = Printout::sentence(answer, json(&view)?, &sentence);
    Ok(printout.with(&[("Id", view.id.to_string())]))
}
