//! Reporting: what is newly known of an operation's transaction.

use super::{OperationStep, Transaction, Work};
use crate::custody::Operation;
use crate::custody::operation::OperationStatus;
use crate::custody::operation::OperationStatus::{Pending, Processing, Unknown};
use crate::prelude::*;

/// What is newly known of the transaction.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// It.
    pub transaction: Transaction,
}

impl OperationStep for Report {
    const ACTION: &'static Action = &action::OPERATION_REPORT;
    const REFUSALS: Codes = refusals! {
        UNKNOWN_OPERATION, VERSION_MISMATCH, INVALID_FIELD, OPERATION_EXPIRED, WRONG_STATUS,
        OUTPUT_CONFLICT,
    };
    const FROM: &'static [OperationStatus] = &[Pending, Processing, Unknown];

    fn transaction(&self) -> Option<&Transaction> {
        Some(&self.transaction)
    }

    fn is_done(&self, _: &Operation, known: bool) -> bool {
        known
    }

    fn take(&self, _: &Work<'_, Self>, _: &mut Change<'_>, _: &mut Operation) -> Result<(), Refusal> {
        Ok(())
    }
}
