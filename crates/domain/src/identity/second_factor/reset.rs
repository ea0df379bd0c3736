//! Removing somebody else's second factor.

use super::remove;
use crate::identity::user;
use crate::prelude::*;

/// Removes the second factor of a user, for somebody entitled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResetSecondFactor {
    /// Whose.
    pub user: Uuid,
}

impl Act for ResetSecondFactor {
    act! {
        action: SECOND_FACTOR_RESET, changes_access: true, target: "user" = user,
        refusals: UNKNOWN_USER, EXCEEDS_OWN, USER_ERASED
    }

    fn needs(&self, _: &Rules, needs: &mut Needs) {
        needs.row(&looks::USER, self.user);
        needs.row(&looks::SECOND_FACTOR, self.user);
    }

    fn decide(&self, facts: &Facts, by: &By<'_>, ctx: &Context) -> Result<Decision, Refusal> {
        let before = user::to_change(facts, self.user, by.who)?;
        let mut change = Change::new(by, ctx);
        if !remove(&mut change, facts, self.user) {
            return Ok(Decision::nothing(user::reply(before)));
        }
        let draft = change.draft(Self::ACTION.name, "user", self.user);
        Ok(Decision::one(user::reply(before), draft))
    }
}
