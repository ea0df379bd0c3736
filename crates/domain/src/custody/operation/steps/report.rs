//! Reporting: what is newly known of an operation's transaction.

use super::{OperationStep, Transaction, Work};
use crate::action::{self, Action};
use crate::change::Change;
use crate::code::{self, Code};
use crate::custody::Operation;
use crate::custody::operation::OperationStatus::{self, Pending, Processing, Unknown};
use crate::refusal::Refusal;

/// What is newly known of the transaction.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// It.
    pub transaction: Transaction,
}

impl OperationStep for Report {
    const ACTION: &'static Action = &action::OPERATION_REPORT;
    const REFUSALS: &'static [&'static Code] = &[
        &code::UNKNOWN_OPERATION,
        &code::VERSION_MISMATCH,
        &code::INVALID_FIELD,
        &code::OPERATION_EXPIRED,
        &code::WRONG_STATUS,
        &code::WRONG_KIND,
        &code::OUTPUT_CONFLICT,
    ];
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
