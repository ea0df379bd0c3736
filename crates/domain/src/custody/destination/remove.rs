//! Removing destinations.

use super::row::Destination;
use crate::custody::whose::find_for;
use crate::prelude::*;

/// Removes a destination.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemoveDestination {
    /// Which.
    pub destination: Uuid,
}

impl Act for RemoveDestination {
    act! {
        action: DESTINATION_REMOVE, changes_access: false, target: "destination" = destination,
        refusals: UNKNOWN_DESTINATION
    }

    fn needs(&self, _: &Rules, needs: &mut Needs) {
        needs.row(&looks::DESTINATION, self.destination);
    }

    fn decide(&self, facts: &Facts, by: &By<'_>, ctx: &Context) -> Result<Decision, Refusal> {
        let (before, authority) = find_for(
            &facts.destinations,
            self.destination,
            |destination| destination.user_id,
            by.who,
            (Permission::CustodyWrite, Permission::CustodyOwn),
            || code::UNKNOWN_DESTINATION.absent(format_args!("destination {}", self.destination), "id"),
        )?;
        if before.row.removed_at.is_some() {
            return Ok(Decision::nothing(Reply::Destination(before.row.clone())));
        }
        let after = Destination {
            removed_at: Some(ctx.now),
            ..before.row.clone()
        };
        let mut change = Change::new(&by.with(&authority), ctx);
        change.detail("user", after.user_id.to_string());
        change.alter(before, after.clone());
        let draft = change.draft(Self::ACTION.name, "destination", after.id);
        Ok(Decision::one(Reply::Destination(after), draft))
    }
}
