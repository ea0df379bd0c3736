//! Resolving: two people say what became of an operation of unknown fate.

use crate::code::{self, Code};
use serde_json::Value;
use uuid::Uuid;

use super::{OperationStep, Transaction, Work};
use crate::action::{self, Action};
use crate::change::Change;
use crate::custody::Operation;
use crate::custody::operation::OperationStatus::{self, Completed, Failed, Unknown};
use crate::custody::operation::REMARK_LEN_MAX;
use crate::refusal::{FieldError, Refusal, check_text};

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
    const REFUSALS: &'static [&'static Code] = &[
        &code::UNKNOWN_OPERATION,
        &code::VERSION_MISMATCH,
        &code::INVALID_FIELD,
        &code::OPERATION_EXPIRED,
        &code::WRONG_STATUS,
        &code::WRONG_KIND,
        &code::OUTPUT_CONFLICT,
        &code::APPROVAL_REQUIRED,
        &code::UNKNOWN_APPROVAL,
        &code::APPROVAL_NOT_OWN,
        &code::APPROVAL_DIFFERS,
        &code::APPROVAL_NOT_GRANTED,
        &code::APPROVAL_QUORUM,
        &code::CREDIT_CLOSED,
        &code::ABOVE_MAXIMUM,
        &code::AMOUNT_OVERFLOW,
    ];
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
