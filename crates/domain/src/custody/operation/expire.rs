//! What the clock releases: pending operations past their time. What the clock says decides; that the release is also
//! written down is for those who read, and is done by whoever comes first, a decision that needs it or the sweeper.

use std::borrow::Cow;

use super::movement;
use super::row::{Operation, expired};
use crate::context::Caller;
use crate::prelude::*;

/// Parts of a command below this number are its own; those above release what is due.
const FIRST_PART: u32 = 1 << 24;

fn draft(facts: &Facts, sealed: &Sealed<Operation>, ctx: &Context) -> Option<(Draft, OperationState)> {
    let balance = facts.balances.get(&sealed.row.debit_id)?;
    let clock = Caller::System { part: "expiry" };
    let clock = Principal::of(&clock, facts, ctx.now).ok()?;
    let authority = clock.without_authority();
    let mut change = Change::new(&By::new(&clock, &authority), ctx);
    change.alter(balance, movement::release(&balance.row, sealed.row.held));
    let operation = expired(&sealed.row, ctx.now);
    change.alter(sealed, operation.clone());
    let draft = change.draft(action::OPERATION_EXPIRE.name, "operation", operation.id);
    let state = OperationState {
        operation,
        version: sealed.version + 1,
        replayed: false,
    };
    Some((draft, state))
}

/// Releases what is past its time of a balance: the entries, and the facts as they are then.
pub(crate) fn due<'a>(facts: &'a Facts, debit: Uuid, ctx: &Context) -> (Vec<Draft>, Cow<'a, Facts>) {
    let due: Vec<_> = facts
        .operations
        .due(debit, ctx.now)
        .into_iter()
        .cloned()
        .collect();
    if due.is_empty() {
        return (Vec::new(), Cow::Borrowed(facts));
    }
    let mut after = facts.clone();
    let mut drafts = Vec::with_capacity(due.len());
    for (sealed, number) in due.iter().zip(FIRST_PART..) {
        if let Some((draft, _)) = draft(&after, sealed, &ctx.part(number)) {
            after.apply(std::slice::from_ref(&draft));
            drafts.push(draft);
        }
    }
    (drafts, Cow::Owned(after))
}

/// Releases those of these operations that are past their time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExpireOperations {
    /// Which, with their debit balances.
    pub operations: Vec<(Uuid, Uuid)>,
}

impl Act for ExpireOperations {
    act! { action: OPERATION_EXPIRE, changes_access: false, target: none, refusals: none }

    fn needs(&self, _: &Rules, needs: &mut Needs) {
        for (operation, debit) in &self.operations {
            needs.row(&looks::OPERATION, *operation);
            needs.row(&looks::BALANCE, *debit);
        }
    }

    fn decide(&self, facts: &Facts, _: &By<'_>, ctx: &Context) -> Result<Decision, Refusal> {
        let mut facts = facts.clone();
        let (mut drafts, mut states) = (Vec::new(), Vec::new());
        for ((id, _), number) in self.operations.iter().zip(0_u32..) {
            let due = facts
                .operations
                .get(id)
                .filter(|sealed| sealed.row.is_due(ctx.now));
            let Some(sealed) = due.cloned() else { continue };
            if let Some((draft, state)) = draft(&facts, &sealed, &ctx.part(number)) {
                facts.apply(std::slice::from_ref(&draft));
                drafts.push(draft);
                states.push(state);
            }
        }
        Ok(Decision {
            reply: Reply::Operations(states),
            drafts,
        })
    }

    fn weight(&self) -> usize {
        self.operations.len().max(1)
    }
}
