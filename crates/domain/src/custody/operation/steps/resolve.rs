//! Resolving: two people say what became of an operation of unknown fate.

use serde_json::Value;

use super::{OperationStep, Transaction, Work};
use crate::custody::Operation;
use crate::custody::operation::OperationStatus::{Completed, Failed, Unknown};
use crate::custody::operation::{OperationStatus, REMARK_LEN_MAX};
use crate::prelude::*;

/// What became of one whose fate was not known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resolve {
    /// Whether it happened.
    pub completed: bool,
    /// What shows it: 1 to 1,000 printable characters.
    pub evidence: String,
    /// What is known of the transaction.
    pub transaction: Transaction,
    /// The approval to use.
    pub approval: Option<Uuid>,
}

impl Resolve {
    fn status(&self) -> OperationStatus {
        if self.completed { Completed } else { Failed }
    }
}

impl OperationStep for Resolve {
    const ACTION: &'static Action = &action::OPERATION_RESOLVE;
    const REFUSALS: Codes = refusals! {
        UNKNOWN_OPERATION, VERSION_MISMATCH, INVALID_FIELD, OPERATION_EXPIRED, WRONG_STATUS,
        OUTPUT_CONFLICT, APPROVAL_REQUIRED, UNKNOWN_APPROVAL, APPROVAL_NOT_OWN, APPROVAL_DIFFERS,
        APPROVAL_NOT_GRANTED, APPROVAL_QUORUM, CREDIT_CLOSED, ABOVE_MAXIMUM, AMOUNT_OVERFLOW,
    };
    const FROM: &'static [OperationStatus] = &[Unknown];

    fn transaction(&self) -> Option<&Transaction> {
        Some(&self.transaction)
    }

    fn approval(&self) -> Option<Uuid> {
        self.approval
    }

    fn bind(&self, arguments: &mut Value) {
        arguments["outcome"] = self.status().as_str().into();
        arguments["evidence"] = self.evidence.as_str().into();
    }

    fn check(&self) -> Result<(), FieldError> {
        check_text("evidence", &self.evidence, REMARK_LEN_MAX)
    }

    fn is_done(&self, row: &Operation, known: bool) -> bool {
        row.status == self.status() && row.evidence.as_ref() == Some(&self.evidence) && known
    }

    fn take(
        &self,
        work: &Work<'_, Self>,
        change: &mut Change<'_>,
        after: &mut Operation,
    ) -> Result<(), Refusal> {
        work.approve_resolution(change)?;
        after.approval_id = self.approval.or(after.approval_id);
        after.evidence = Some(self.evidence.clone());
        if self.completed {
            return work.complete(change, after);
        }
        work.end(change, after, Failed, work.before.row.error.as_ref());
        Ok(())
    }
}
