//! Legal holds: what they cover is neither erased nor pruned while they last.

mod cover;
mod create;
mod release;
mod row;
#[cfg(test)]
pub(crate) mod tests;

pub use cover::{About, Holds};
pub use create::CreateHold;
pub use release::ReleaseHold;
pub use row::{ACTIVE_MAX, HoldStatus, LegalHold, NAMED_LEN_MAX, REASON_LEN_MAX};

use crate::looks::{self, Needs};

/// What it takes to say what is under a hold.
pub fn needed() -> Needs {
    let mut needed = Needs::default();
    needs(&mut needed);
    needed
}

/// Adds what it takes to say what is under a hold.
pub(crate) fn needs(needs: &mut Needs) {
    let active = HoldStatus::Active.as_str();
    for look in [&looks::HOLDS_ACTIVE, &looks::KEYS_HELD, &looks::AGENTS_HELD] {
        needs.row(look, active);
    }
}
