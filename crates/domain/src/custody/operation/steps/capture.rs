//! Captures: a part of what a pending transfer holds is moved, as an operation of its own.

use super::{OperationStep, Work};
use crate::custody::operation::OperationStatus::{Completed, Pending};
use crate::custody::operation::create::put;
use crate::custody::operation::movement::Found;
use crate::custody::operation::{OperationStatus, movement, replay};
use crate::custody::{Amount, Balance, Operation};
use crate::prelude::*;

/// Moves a part of what a pending transfer holds, or all of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Capture {
    /// The id of the capture, an operation of its own.
    pub id: Option<Uuid>,
    /// How much; all that is held otherwise.
    pub amount: Option<Amount>,
}

impl OperationStep for Capture {
    const ACTION: &'static Action = &action::OPERATION_CAPTURE;
    const REFUSALS: Codes = refusals! {
        UNKNOWN_OPERATION, VERSION_MISMATCH, ID_CONFLICT, INVALID_FIELD, OPERATION_EXPIRED, WRONG_STATUS,
        WRONG_KIND, KYC_EXPIRED, EXCEEDS_HELD, CREDIT_CLOSED, ABOVE_MAXIMUM, AMOUNT_OVERFLOW,
    };
    const FROM: &'static [OperationStatus] = &[Pending];
    const BY_OWNER: bool = true;
    const TRANSFERS: Option<bool> = Some(true);

    fn needs(&self, _: Option<Uuid>, needs: &mut Needs) {
        if let Some(id) = self.id {
            needs.row(&looks::OPERATION, id);
            needs.row(&looks::ENTRY, id);
        }
    }

    fn waits_for_tier(&self, _: &Operation) -> bool {
        true
    }

    fn decide(&self, work: &Work<'_, Self>) -> Result<Decision, Refusal> {
        work.capture(self.id, self.amount)
    }
}

impl Work<'_, Capture> {
    fn capture(&self, id: Option<Uuid>, amount: Option<Amount>) -> Result<Decision, Refusal> {
        let row = &self.before.row;
        own_id::check("id", id)?;
        if let Some(known) = id.and_then(|id| self.facts.operations.get(&id)) {
            let same =
                known.row.parent_id == Some(row.id) && amount.is_none_or(|amount| amount == known.row.amount);
            return if same {
                Ok(Decision::nothing(Reply::Operations(vec![OperationState {
                    operation: known.row.clone(),
                    version: known.version,
                    replayed: true,
                }])))
            } else {
                Err(replay::conflict(&known.row, "amount", self.by.who))
            };
        }
        if let Some(entry) = id.and_then(|id| self.facts.entries.get(&id)) {
            return Err(replay::taken(entry, self.by.who));
        }
        if amount.is_some_and(|amount| !amount.is_positive()) {
            return Err(Refusal::invalid("amount", "must be more than 0"));
        }
        self.check_status()?;
        self.check_tier()?;
        let amount = amount.unwrap_or(row.held);
        if amount > row.held || !amount.is_positive() {
            return Err(self.exceeds_held(amount));
        }
        movement::check_open(&self.credit.row, "credit")?;
        let freed = movement::release(&self.debit.row, amount);
        let (debited, credited) = movement::transfer(&freed, &self.credit.row, self.asset, amount)?;
        let left = row.held.minus(amount).unwrap_or(Amount::ZERO);
        let parent = Operation {
            held: left,
            captured: row.captured.unwrap_or(Amount::ZERO).plus(amount),
            status: if left == Amount::ZERO { Completed } else { Pending },
            updated_at: self.ctx.now,
            ..row.clone()
        };
        let part = self.part(id, amount, &debited, &credited);
        let mut change = Change::new(&self.by, self.ctx);
        put(&mut change, &Found::There(self.debit), debited);
        put(&mut change, &Found::There(self.credit), credited);
        change.alter(self.before, parent);
        change.insert(part.clone());
        let mut draft = change.draft(Capture::ACTION.name, "operation", part.id);
        draft.id = part.id;
        let state = OperationState {
            operation: part,
            version: 1,
            replayed: false,
        };
        Ok(Decision::one(Reply::Operations(vec![state]), draft))
    }

    fn exceeds_held(&self, amount: Amount) -> Refusal {
        let held = self.before.row.held.to_decimal(self.asset.digits());
        let message = format!(
            "{} are held, {} are to be captured",
            self.asset.words(self.before.row.held),
            amount.to_decimal(self.asset.digits())
        );
        let rule = BrokenRule {
            rule: "no more is captured than is held".to_owned(),
            limit: Some(held.clone()),
            remaining: Some(held),
            lifted_by: "nobody: make another operation for the rest".to_owned(),
        };
        code::EXCEEDS_HELD.because(message).field("amount").by(rule)
    }

    /// The operation that moves a captured part.
    fn part(&self, id: Option<Uuid>, amount: Amount, debited: &Balance, credited: &Balance) -> Operation {
        Operation {
            id: id.unwrap_or_else(|| self.ctx.id(0)),
            status: Completed,
            amount,
            waits: None,
            held: Amount::ZERO,
            captured: None,
            debit_posted: Some(debited.posted),
            credit_posted: Some(credited.posted),
            parent_id: Some(self.before.row.id),
            approval_id: None,
            replaces_id: None,
            chain: None,
            tx_hash: None,
            output: None,
            block: None,
            confirmations: None,
            transactions: None,
            limited_id: None,
            request: None,
            created_by: self.by.who.actor_id,
            created_at: self.ctx.now,
            updated_at: self.ctx.now,
            expires_at: None,
            ..self.before.row.clone()
        }
    }
}
