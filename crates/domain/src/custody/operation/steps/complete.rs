//! Completing: it happened, and the amount moves.

use super::{OperationStep, Stands, Transaction, Work};
use crate::custody::operation::OperationStatus;
use crate::custody::operation::OperationStatus::{Completed, Pending, Processing};
use crate::custody::{Operation, OperationKind};
use crate::prelude::*;

/// It happened: the amount moves.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Complete {
    /// What is known of the transaction.
    pub transaction: Transaction,
}

impl OperationStep for Complete {
    const ACTION: &'static Action = &action::OPERATION_COMPLETE;
    const REFUSALS: Codes = refusals! {
        UNKNOWN_OPERATION, VERSION_MISMATCH, INVALID_FIELD, OPERATION_EXPIRED, WRONG_STATUS, WRONG_KIND,
        KYC_EXPIRED, OUTPUT_CONFLICT, CREDIT_CLOSED, ABOVE_MAXIMUM, AMOUNT_OVERFLOW,
    };
    const FROM: &'static [OperationStatus] = &[Pending, Processing];

    fn transaction(&self) -> Option<&Transaction> {
        Some(&self.transaction)
    }

    fn is_done(&self, row: &Operation, known: bool) -> bool {
        row.status == Completed && row.debit_posted.is_some() && known
    }

    fn fits(stands: Stands) -> bool {
        match stands.kind {
            OperationKind::Withdrawal => stands.status == Processing,
            _ => !stands.transfer,
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
