//! The slow model's steps of operations: how a pending one goes on, and ends.

use domain::custody::OperationKind::Withdrawal;
use domain::custody::OperationStatus::{self, Cancelled, Completed, Failed, Pending, Processing, Unknown};

use crate::custody_model::{Act, Code, Model, Operation, final_status};

impl Model {
    /// What comes of a step: whether it was done before.
    pub fn step(&mut self, id: u64, act: &Act) -> Result<bool, Code> {
        let known = self.operations.get(&id).ok_or("unknown_operation")?.clone();
        if let Act::Capture(part, amount) = act {
            return self.capture(id, &known, *part, *amount);
        }
        let expired = known.error.as_deref() == Some("expired") && known.expires.is_some();
        let text = |number: &u64| Some(format!("error {number}"));
        let again = match act {
            Act::Start => known.status == Processing,
            Act::Complete => known.status == Completed && known.posted.is_some(),
            Act::Fail(error) => known.status == Failed && known.error == text(error),
            Act::Lose(error) => known.status == Unknown && known.error == text(error),
            Act::Cancel => known.status == Cancelled && known.error.is_none(),
            Act::Release => known.captured.is_some() && final_status(known.status) && !expired,
            Act::Resolve | Act::Capture(..) => false,
        };
        if again {
            return Ok(true);
        }
        Self::allowed(&known, act, expired)?;
        let mut after = known.clone();
        match act {
            Act::Start => after.status = Processing,
            Act::Complete => {
                if self.balance(known.credit).closed {
                    return Err("credit_closed");
                }
                let moved = self.transfer(known.debit, known.held, known.credit, known.amount)?;
                (after.status, after.held, after.posted) = (Completed, 0, Some(moved));
            }
            Act::Fail(error) => (after.status, after.held, after.error) = (Failed, 0, text(error)),
            Act::Cancel => (after.status, after.held, after.error) = (Cancelled, 0, None),
            Act::Lose(error) => (after.status, after.error) = (Unknown, text(error)),
            Act::Release => {
                let moved = known.captured.is_some_and(|captured| captured > 0);
                after.status = if moved { Completed } else { Cancelled };
                (after.held, after.error) = (0, None);
            }
            // What became of it is said by two people.
            Act::Resolve | Act::Capture(..) => return Err("approval_required"),
        }
        self.operations.insert(id, after);
        Ok(false)
    }

    fn allowed(known: &Operation, act: &Act, expired: bool) -> Result<(), Code> {
        if expired {
            return Err("operation_expired");
        }
        let from: &[OperationStatus] = match act {
            Act::Complete | Act::Fail(_) => &[Pending, Processing],
            Act::Lose(_) => &[Processing],
            Act::Resolve => &[Unknown],
            _ => &[Pending],
        };
        if !from.contains(&known.status) {
            return Err("wrong_status");
        }
        let in_parts = matches!(act, Act::Capture(..) | Act::Release);
        let unsent = *act == Act::Complete && known.kind == Withdrawal && known.status == Pending;
        if known.captured.is_some() != in_parts || unsent {
            return Err("wrong_kind");
        }
        Ok(())
    }

    fn capture(&mut self, id: u64, known: &Operation, part: u64, amount: Option<i128>) -> Result<bool, Code> {
        if let Some(earlier) = self.operations.get(&part) {
            let of_it = earlier.made.is_none() && earlier.created_by(id);
            let same = of_it && amount.is_none_or(|amount| amount == earlier.amount);
            return if same { Ok(true) } else { Err("id_conflict") };
        }
        if self.refused.contains_key(&part) {
            return Err("id_conflict");
        }
        let expired = known.error.as_deref() == Some("expired") && known.expires.is_some();
        Self::allowed(known, &Act::Capture(part, amount), expired)?;
        let amount = amount.unwrap_or(known.held);
        if amount > known.held {
            return Err("exceeds_held");
        }
        if self.balance(known.credit).closed {
            return Err("credit_closed");
        }
        let moved = self.transfer(known.debit, amount, known.credit, amount)?;
        let parent = self.operations.get_mut(&id).unwrap();
        parent.held -= amount;
        parent.captured = parent.captured.map(|captured| captured + amount);
        if parent.held == 0 {
            parent.status = Completed;
        }
        let captured = Operation {
            made: None,
            amount,
            status: Completed,
            held: 0,
            captured: None,
            error: Some(format!("part of {id}")),
            expires: None,
            limited: None,
            posted: Some(moved),
            ..known.clone()
        };
        self.operations.insert(part, captured);
        Ok(false)
    }
}
