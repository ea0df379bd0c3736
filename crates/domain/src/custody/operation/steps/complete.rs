//! Completing: it happened, and the amount moves.

use super::{OperationStep, Transaction, Work};
use crate::action::{self, Action};
use crate::change::Change;
use crate::code::{self, Code};
use crate::custody::operation::OperationStatus::{self, Completed, Pending, Processing};
use crate::custody::{Operation, OperationKind};
use crate::refusal::Refusal;

/// It happened: the amount moves.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Complete {
    /// What is known of the transaction.
    pub transaction: Transaction,
}

impl OperationStep for Complete {
    const ACTION: &'static Action = &action::OPERATION_COMPLETE;
    const REFUSALS: &'static [&'static Code] = &[
        &code::UNKNOWN_OPERATION,
        &code::VERSION_MISMATCH,
        &code::INVALID_FIELD,
        &code::OPERATION_EXPIRED,
        &code::WRONG_STATUS,
        &code::WRONG_KIND,
        &code::KYC_EXPIRED,
        &code::OUTPUT_CONFLICT,
        &code::CREDIT_CLOSED,
        &code::ABOVE_MAXIMUM,
        &code::AMOUNT_OVERFLOW,
    ];
    const FROM: &'static [OperationStatus] = &[Pending, Processing];

    fn transaction(&self) -> Option<&Transaction> {
        Some(&self.transaction)
    }

    fn is_done(&self, row: &Operation, known: bool) -> bool {
        row.status == Completed && row.debit_posted.is_some() && known
    }

    fn fits(&self, row: &Operation) -> bool {
        match row.kind {
            OperationKind::Withdrawal => row.status == Processing,
            _ => row.captured.is_none(),
        }
    }

    /// What has left cannot be called back by a tier; what comes in can wait.
    fn waits_for_tier(&self, row: &Operation) -> bool {
        row.kind != OperationKind::Withdrawal
    }

    fn take(
        &self,
        work: &Work<'_, Self>,
        change: &mut Change<'_>,
        after: &mut Operation,
    ) -> Result<(), Refusal> {
        work.complete(change, after)
    }
}
