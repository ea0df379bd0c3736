//! Operations: a file per verb, and what they share. [`input`] reads what is asked for.

pub(crate) mod create;
mod defaults;
mod input;
pub(crate) mod statistics;
pub(crate) mod steps;
mod transactions;

pub(crate) use input::Input;

use views::Viewer;

use crate::call::Call;
use crate::problem::Problem;

/// The problem without what the caller may not see: how much more somebody else's balance takes would tell what it
/// holds. Callers who may move only their own never give to themselves, so it is always another's balance.
fn redacted(call: &Call, mut problem: Problem) -> Problem {
    let all = call
        .identity()
        .is_ok_and(|identity| Viewer::of(identity).sees_all_balances());
    if problem.code == "above_maximum" && !all {
        let message = "the credit balance would be above its maximum";
        message.clone_into(&mut problem.detail);
        if let Some(rule) = &mut problem.rule {
            message.clone_into(&mut rule.rule);
            (rule.limit, rule.remaining) = (None, None);
        }
    }
    problem
}
