//! Cancelling and releasing: what is pending is given up, and what it holds is free again.

use super::{EVERY_STEP, OperationStep, Work};
use crate::custody::operation::OperationStatus::{Cancelled, Completed, Pending};
use crate::custody::operation::{OperationStatus, REMARK_LEN_MAX};
use crate::custody::{Amount, Operation};
use crate::prelude::*;

/// It is given up before it was begun.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cancel {
    /// Why: 1 to 1,000 printable characters.
    pub reason: Option<String>,
}

impl OperationStep for Cancel {
    const ACTION: &'static Action = &action::OPERATION_CANCEL;
    const REFUSALS: Codes = EVERY_STEP;
    const FROM: &'static [OperationStatus] = &[Pending];
    const BY_OWNER: bool = true;
    const TRANSFERS: Option<bool> = Some(false);

    fn check(&self) -> Result<(), FieldError> {
        check_reason(self.reason.as_deref())
    }

    fn is_done(&self, row: &Operation, _: bool) -> bool {
        row.status == Cancelled && row.error == self.reason
    }

    fn take(
        &self,
        work: &Work<'_, Self>,
        change: &mut Change<'_>,
        after: &mut Operation,
    ) -> Result<(), Refusal> {
        work.end(change, after, Cancelled, self.reason.as_ref());
        Ok(())
    }
}

fn check_reason(reason: Option<&str>) -> Result<(), FieldError> {
    reason.map_or(Ok(()), |reason| check_text("reason", reason, REMARK_LEN_MAX))
}

/// Ends a pending transfer: what it still holds is free again.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Release {
    /// Why: 1 to 1,000 printable characters.
    pub reason: Option<String>,
}

impl OperationStep for Release {
    const ACTION: &'static Action = &action::OPERATION_RELEASE;
    const REFUSALS: Codes = EVERY_STEP;
    const FROM: &'static [OperationStatus] = &[Pending];
    const BY_OWNER: bool = true;
    const TRANSFERS: Option<bool> = Some(true);

    fn check(&self) -> Result<(), FieldError> {
        check_reason(self.reason.as_deref())
    }

    fn is_done(&self, row: &Operation, _: bool) -> bool {
        row.captured.is_some()
            && row.status.is_final()
            && !row.was_expired()
            && (self.reason.is_none() || row.error == self.reason)
    }

    fn take(
        &self,
        work: &Work<'_, Self>,
        change: &mut Change<'_>,
        after: &mut Operation,
    ) -> Result<(), Refusal> {
        let captured = work.before.row.captured.is_some_and(Amount::is_positive);
        let status = if captured { Completed } else { Cancelled };
        work.end(change, after, status, self.reason.as_ref());
        Ok(())
    }
}
