//! Starting: an operation is being sent.

use super::{OperationStep, Transaction, Work};
use crate::custody::Operation;
use crate::custody::operation::OperationStatus;
use crate::custody::operation::OperationStatus::{Pending, Processing};
use crate::prelude::*;

/// Begins: it is being sent. With the approval to use, where the amount needs one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Start {
    /// What is known of the transaction.
    pub transaction: Transaction,
    /// The approval to use.
    pub approval: Option<Uuid>,
}

impl OperationStep for Start {
    const ACTION: &'static Action = &action::OPERATION_START;
    const REFUSALS: Codes = refusals! {
        UNKNOWN_OPERATION, VERSION_MISMATCH, INVALID_FIELD, OPERATION_EXPIRED, WRONG_STATUS, WRONG_KIND,
        KYC_EXPIRED, DESTINATION_REMOVED, OUTPUT_CONFLICT, LIMIT_UNREADABLE, APPROVAL_REQUIRED,
        APPROVAL_NOT_NEEDED, UNKNOWN_APPROVAL, APPROVAL_NOT_OWN, APPROVAL_DIFFERS, APPROVAL_NOT_GRANTED,
        APPROVAL_QUORUM,
    };
    const FROM: &'static [OperationStatus] = &[Pending];
    const TRANSFERS: Option<bool> = Some(false);

    fn transaction(&self) -> Option<&Transaction> {
        Some(&self.transaction)
    }

    fn approval(&self) -> Option<Uuid> {
        self.approval
    }

    fn needs(&self, destination: Option<Uuid>, needs: &mut Needs) {
        needs.rows(&looks::DESTINATION, destination);
    }

    fn is_done(&self, row: &Operation, known: bool) -> bool {
        row.status == Processing && known
    }

    fn waits_for_tier(&self, _: &Operation) -> bool {
        true
    }

    fn check_state(&self, work: &Work<'_, Self>) -> Result<(), Refusal> {
        let Some(id) = work.before.row.destination_id else {
            return Ok(());
        };
        let known = work.facts.destinations.get(&id).map(|sealed| &sealed.row);
        if known.is_some_and(|known| known.removed_at.is_none()) {
            return Ok(());
        }
        let message =
            format!("destination {id} was removed since: cancel the withdrawal, and make another one");
        Err(code::DESTINATION_REMOVED.because(message).field("destination"))
    }

    fn take(
        &self,
        work: &Work<'_, Self>,
        change: &mut Change<'_>,
        after: &mut Operation,
    ) -> Result<(), Refusal> {
        work.approve_start(change)?;
        after.status = Processing;
        after.approval_id = self.approval.or(after.approval_id);
        Ok(())
    }
}
