//! Ending executions: completing, failing and cancelling, each once.

use super::{
    ERROR_LEN_MAX, Execution, ExecutionStatus, Renewed, check_content, check_error, check_optional_lines,
    check_running, reply, unknown,
};
use crate::custody::whose::find_for;
use crate::prelude::*;
use crate::workflow::conversation::KEEP;

/// Ends an execution.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FinishExecution<F> {
    /// Which.
    pub execution: Uuid,
    /// Until when its lease was renewed last.
    pub renewed: Renewed,
    /// How.
    pub finish: F,
}

/// How an execution can end.
pub trait Finish {
    /// The verb.
    const ACTION: &'static Action;

    /// Checks the input.
    fn check(&self) -> Result<(), FieldError>;

    /// The execution as it ends.
    fn after(&self, before: Execution) -> Execution;
}

/// Completes an execution.
pub type CompleteExecution = FinishExecution<Complete>;

/// Fails an execution.
pub type FailExecution = FinishExecution<Fail>;

/// Cancels an execution.
pub type CancelExecution = FinishExecution<Cancel>;

/// It did what it was for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Complete {
    /// What it gave, as canonical JSON of at most 256 KiB: an object.
    pub result: Option<String>,
}

/// It did not do what it was for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fail {
    /// What sort of error: 1 to 100 printable characters.
    pub error_type: Option<String>,
    /// The error in words: 1 to 1,000 printable characters, line breaks and tabs.
    pub error: Option<String>,
}

/// Somebody stopped it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cancel {
    /// Why: 1 to 1,000 printable characters, line breaks and tabs.
    pub reason: Option<String>,
}

impl Finish for Complete {
    const ACTION: &'static Action = &action::EXECUTION_COMPLETE;

    fn check(&self) -> Result<(), FieldError> {
        check_content("result", self.result.as_deref())
    }

    fn after(&self, before: Execution) -> Execution {
        Execution {
            status: ExecutionStatus::Completed,
            result: self.result.clone(),
            ..before
        }
    }
}

impl Finish for Fail {
    const ACTION: &'static Action = &action::EXECUTION_FAIL;

    fn check(&self) -> Result<(), FieldError> {
        check_error(self.error_type.as_deref(), self.error.as_deref())
    }

    fn after(&self, before: Execution) -> Execution {
        Execution {
            status: ExecutionStatus::Failed,
            error_type: self.error_type.clone(),
            error: self.error.clone(),
            ..before
        }
    }
}

impl Finish for Cancel {
    const ACTION: &'static Action = &action::EXECUTION_CANCEL;

    fn check(&self) -> Result<(), FieldError> {
        check_optional_lines("reason", self.reason.as_deref(), ERROR_LEN_MAX)
    }

    fn after(&self, before: Execution) -> Execution {
        Execution {
            status: ExecutionStatus::Cancelled,
            error: self.reason.clone(),
            ..before
        }
    }
}

impl<F: Finish> Act for FinishExecution<F> {
    const ACTION: &'static Action = F::ACTION;
    const CHANGES_ACCESS: bool = false;
    const REFUSALS: Codes = refusals! { INVALID_FIELD, UNKNOWN_EXECUTION, EXECUTION_FINISHED };

    fn target(&self) -> Option<(&'static str, Uuid)> {
        Some(("execution", self.execution))
    }

    fn needs(&self, _: &Rules, needs: &mut Needs) {
        needs.row(&looks::EXECUTION, self.execution);
    }

    fn decide(&self, facts: &Facts, by: &By<'_>, ctx: &Context) -> Result<Decision, Refusal> {
        let (before, authority) = find_for(
            &facts.executions,
            self.execution,
            |execution| execution.user_id,
            by.who,
            KEEP,
            || unknown(self.execution, "id"),
        )?;
        self.finish.check()?;
        let known = before.row.clone().as_of(self.renewed, ctx.now);
        if known.finished_at.is_some() && self.finish.after(known.clone()) == known {
            return Ok(Decision::nothing(reply(known, before.version)));
        }
        check_running(&known)?;
        let after = Execution {
            finished_at: Some(ctx.now),
            ..self.finish.after(known)
        };
        let mut change = Change::new(&by.with(&authority), ctx);
        change.detail("steps", after.steps());
        change.alter(before, after.clone());
        let draft = change.draft(Self::ACTION.name, "execution", after.id);
        Ok(Decision::one(reply(after, before.version + 1), draft))
    }
}
