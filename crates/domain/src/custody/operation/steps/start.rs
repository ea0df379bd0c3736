//! Starting: an operation is being sent.

use crate::code::{self, Code};
use uuid::Uuid;

use super::{OperationStep, Transaction, Work};
use crate::action::{self, Action};
use crate::change::Change;
use crate::custody::Operation;
use crate::custody::operation::OperationStatus::{self, Pending, Processing};
use crate::looks::{self, Needs};
use crate::refusal::Refusal;

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
    const REFUSALS: &'static [&'static Code] = &[
        &code::UNKNOWN_OPERATION,
        &code::VERSION_MISMATCH,
        &code::INVALID_FIELD,
        &code::OPERATION_EXPIRED,
        &code::WRONG_STATUS,
        &code::WRONG_KIND,
        &code::KYC_EXPIRED,
        &code::DESTINATION_REMOVED,
        &code::OUTPUT_CONFLICT,
        &code::LIMIT_UNREADABLE,
        &code::APPROVAL_REQUIRED,
        &code::APPROVAL_NOT_NEEDED,
        &code::UNKNOWN_APPROVAL,
        &code::APPROVAL_NOT_OWN,
        &code::APPROVAL_DIFFERS,
        &code::APPROVAL_NOT_GRANTED,
        &code::APPROVAL_QUORUM,
    ];
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
