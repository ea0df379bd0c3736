//! The approval that a step uses.

use super::{OperationStep, Work};
use crate::change::Change;
use crate::custody::operation::OperationKind;
use crate::custody::operation::threshold::{APPROVERS, Demanded, Use, above_threshold, approve};
use crate::refusal::{BrokenRule, Refusal};

impl<S: OperationStep> Work<'_, S> {
    /// Uses the approval that a withdrawal above the threshold needs before it is sent.
    pub fn approve_start(&self, change: &mut Change<'_>) -> Result<(), Refusal> {
        let row = &self.before.row;
        let demanded = match row.kind {
            OperationKind::Withdrawal => above_threshold(self.facts, self.asset, row.kind, row.amount)?,
            _ => None,
        };
        self.approve(change, demanded)
    }

    /// What became of an operation of unknown fate is said by two people.
    pub fn approve_resolution(&self, change: &mut Change<'_>) -> Result<(), Refusal> {
        let rule = BrokenRule {
            rule: "what became of an operation of unknown fate is said by two people".to_owned(),
            lifted_by: APPROVERS.to_owned(),
            ..BrokenRule::default()
        };
        self.approve(change, Some((1, rule)))
    }

    fn approve(&self, change: &mut Change<'_>, demanded: Option<Demanded>) -> Result<(), Refusal> {
        let wanted = Use {
            approval: self.command.step.approval(),
            action: S::ACTION.name,
            arguments: &|| self.command.arguments(),
        };
        approve(change, self.facts, demanded, &wanted, self.by.who, self.ctx.now)
    }
}
