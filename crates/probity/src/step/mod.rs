//! `probity step`: steps of executions, a file per verb.

mod check;
mod record;

use evidence::json::Strict;
use views::ExecutionStep;

use crate::nouns::{self, ListArgs, ShowArgs};
use crate::verb::verbs;

/// A text that is JSON, whose numbers are exact.
fn json_text(text: &str) -> Result<String, String> {
    let read = serde_json::from_str::<Strict>(text);
    read.map(|_| text.to_owned())
        .map_err(|error| format!("must be JSON: {error}"))
}

verbs! {
    /// What can be done about steps of executions.
    StepCommand {
        /// Record steps of an execution, as one entry, and renew its lease
        #[command(
            after_help = "Example:\n  probity step record 0197a3c4-5e6f-7a8b-9c0d-1e2f3a4b5c6d --kind tool --name search --out '{\"found\":3}'"
        )]
        Record(record::RecordArgs),
        /// Check whether this went into a step, or came out
        #[command(
            after_help = "Example:\n  probity step check 0197a3c4-5e6f-7a8b-9c0d-1e2f3a4b5c6d --out '{\"logins\":3}'"
        )]
        Check(check::CheckArgs),
        /// List the steps of an execution, in their order
        #[command(
            after_help = "Example:\n  probity step list --execution 0197a3c4-5e6f-7a8b-9c0d-1e2f3a4b5c6d --kind tool"
        )]
        List(ListArgs<ExecutionStep>) => nouns::list,
        /// Show a step with what went in and came out
        #[command(after_help = "Example:\n  probity step show 0197a3c4-5e6f-7a8b-9c0d-1e2f3a4b5c6d")]
        Show(ShowArgs<ExecutionStep>) => nouns::show,
    }
}
