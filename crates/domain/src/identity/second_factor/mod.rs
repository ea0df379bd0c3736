//! Second factors: a TOTP secret (RFC 6238) and recovery codes, one row a user.
//!
//! Codes are checked outside of decisions, which have no keys; what a decision gets is the step that matched, and it
//! refuses one that was used before.

mod own;
mod reset;
mod row;

pub use own::{
    ChangeSecondFactor, Confirm, ConfirmSecondFactor, Enrol, EnrolSecondFactor, RecoveryCodes, Remove,
    RemoveSecondFactor, RenewRecoveryCodes,
};
pub use reset::ResetSecondFactor;
pub use row::{Hashes, Proof, SecondFactor};

use crate::code;
use uuid::Uuid;

use crate::change::Change;
use crate::record::Sealed;
use crate::refusal::Refusal;
use crate::tables::Facts;

/// The answer to every wrong code.
pub fn invalid() -> Refusal {
    let message = "this code is wrong, too old or was used before";
    code::INVALID_SECOND_FACTOR.because(message)
}

/// The row after this proof was used, once.
pub(crate) fn used(row: &SecondFactor, proof: &Proof) -> Result<SecondFactor, Refusal> {
    match proof {
        Proof::Totp { secret, step } => {
            let fresh = row.last_step.is_none_or(|last| last < *step);
            if row.secret.as_ref() != Some(secret) || !fresh {
                return Err(invalid());
            }
            Ok(SecondFactor {
                last_step: Some(*step),
                ..row.clone()
            })
        }
        Proof::Recovery(hash) => {
            let all = &row.recovery.0;
            let left: Vec<_> = all.iter().copied().filter(|code| code != hash).collect();
            if left.len() == all.len() {
                return Err(invalid());
            }
            Ok(SecondFactor {
                recovery: Hashes(left),
                ..row.clone()
            })
        }
    }
}

fn put(change: &mut Change<'_>, before: Option<&Sealed<SecondFactor>>, after: SecondFactor) {
    match before {
        Some(before) => change.update(before, after),
        None => change.insert(after),
    }
}

/// Removes a user's second factor in `change`, if there is one.
pub(crate) fn remove(change: &mut Change<'_>, facts: &Facts, user: Uuid) -> bool {
    match facts.second_factors.get(&user) {
        Some(before) if before.row.secret.is_some() => {
            change.update(before, SecondFactor::none(user));
            true
        }
        _ => false,
    }
}
