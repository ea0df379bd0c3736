//! Executions of workflows: started, kept alive by a lease, and ended once.

mod days;
mod expire;
mod finish;
mod row;
mod start;
#[cfg(test)]
pub(crate) mod switch_tests;
#[cfg(test)]
pub(crate) mod tests;
mod told;
mod wait;

pub use days::{DayKey, DayOf, ExecutionDay, ExecutionDays, Run, Runs};
pub(crate) use expire::cancel_each;
pub use expire::{ENDED_MAX, ExpireExecutions};
pub use finish::{
    Cancel, CancelExecution, Complete, CompleteExecution, Fail, FailExecution, Finish, FinishExecution,
};
pub use row::{
    AGENT_DISABLED, BY_CLOCK, CONTENT_LEN_MAX, DEPTH_MAX, ERROR_LEN_MAX, ERROR_TYPE_LEN_MAX, Execution,
    ExecutionStatus, LEASE_LAPSED, LEASE_S, LEASE_S_USUAL, ROOT_MISSING, TRACE_LEN_MAX, WORKFLOW_LEN_MAX,
};
pub use start::StartExecution;
pub(crate) use start::lease_end;
pub use told::{RootEnd, Said, SaidAgent, Told};
pub(crate) use wait::{go_on, waiting};

use evidence::time::Timestamp;
use uuid::Uuid;

use crate::code;
use crate::decision::Reply;
use crate::refusal::{FieldError, Refusal, check_lines, check_object, check_text};

/// A lease as it was renewed last: until when.
pub type Renewed = Option<Timestamp>;

/// Checks the name of a workflow: 1 to 200 printable characters.
pub fn check_workflow(name: &str) -> Result<(), FieldError> {
    check_text("workflow", name, WORKFLOW_LEN_MAX)
}

pub(crate) fn check_optional(field: &str, text: Option<&str>, max: usize) -> Result<(), FieldError> {
    text.map_or(Ok(()), |text| check_text(field, text, max))
}

pub(crate) fn check_optional_lines(field: &str, text: Option<&str>, max: usize) -> Result<(), FieldError> {
    text.map_or(Ok(()), |text| check_lines(field, text, max))
}

/// Checks what sort of error something ended with, and the error in words.
pub(crate) fn check_error(error_type: Option<&str>, error: Option<&str>) -> Result<(), FieldError> {
    check_optional("error_type", error_type, ERROR_TYPE_LEN_MAX)?;
    if let Some(word) = error_type.filter(|word| BY_CLOCK.contains(word)) {
        let message = format!("{word} is what the clock says: choose another word");
        return Err(FieldError::new("error_type", message));
    }
    check_optional_lines("error", error, ERROR_LEN_MAX)
}

fn check_content(field: &str, text: Option<&str>) -> Result<(), FieldError> {
    text.map_or(Ok(()), |text| check_object(field, text, CONTENT_LEN_MAX))
}

/// Refuses what has ended, by the clock.
pub fn check_running(execution: &Execution) -> Result<(), Refusal> {
    let Some(at) = execution.finished_at else {
        return Ok(());
    };
    let why = match execution.error_type.as_deref() {
        Some(LEASE_LAPSED) => ": its lease was not renewed in time",
        Some(ROOT_MISSING) => ": the root of its trace did not come in time",
        _ => "",
    };
    let message = format!("the execution {} at {at}{why}", execution.status.as_str());
    Err(code::EXECUTION_FINISHED.because(message))
}

pub(crate) fn unknown(id: Uuid, field: &str) -> Refusal {
    code::UNKNOWN_EXECUTION.absent(format_args!("execution {id}"), field)
}

fn reply(execution: Execution, version: u64) -> Reply {
    let execution = Box::new(execution);
    Reply::Execution { execution, version }
}
