//! Failing, and not knowing: it did not happen, or what became of it is not known.

use super::{EVERY_STEP, OperationStep, Work};
use crate::custody::Operation;
use crate::custody::operation::OperationStatus::{Failed, Pending, Processing, Unknown};
use crate::custody::operation::{OperationStatus, REMARK_LEN_MAX};
use crate::prelude::*;

/// It did not happen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fail {
    /// Why: 1 to 1,000 printable characters.
    pub error: String,
}

impl OperationStep for Fail {
    const ACTION: &'static Action = &action::OPERATION_FAIL;
    const REFUSALS: Codes = EVERY_STEP;
    const FROM: &'static [OperationStatus] = &[Pending, Processing];
    const TRANSFERS: Option<bool> = Some(false);

    fn check(&self) -> Result<(), FieldError> {
        check_text("error", &self.error, REMARK_LEN_MAX)
    }

    fn is_done(&self, row: &Operation, _: bool) -> bool {
        row.status == Failed && row.error.as_ref() == Some(&self.error)
    }

    fn take(
        &self,
        work: &Work<'_, Self>,
        change: &mut Change<'_>,
        after: &mut Operation,
    ) -> Result<(), Refusal> {
        work.end(change, after, Failed, Some(&self.error));
        Ok(())
    }
}

/// It was sent, and what became of it is not known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MarkUnknown {
    /// What happened: 1 to 1,000 printable characters.
    pub error: String,
}

impl OperationStep for MarkUnknown {
    const ACTION: &'static Action = &action::OPERATION_MARK_UNKNOWN;
    const REFUSALS: Codes = EVERY_STEP;
    const FROM: &'static [OperationStatus] = &[Processing];
    const TRANSFERS: Option<bool> = Some(false);

    fn check(&self) -> Result<(), FieldError> {
        check_text("error", &self.error, REMARK_LEN_MAX)
    }

    fn is_done(&self, row: &Operation, _: bool) -> bool {
        row.status == Unknown && row.error.as_ref() == Some(&self.error)
    }

    fn take(&self, _: &Work<'_, Self>, _: &mut Change<'_>, after: &mut Operation) -> Result<(), Refusal> {
        after.status = Unknown;
        after.error = Some(self.error.clone());
        Ok(())
    }
}
