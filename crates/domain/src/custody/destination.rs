//! Destinations: where a user may withdraw to, once a cooling-off time has passed.

use evidence::time::Timestamp;
use uuid::Uuid;

use crate::act::{Act, By, Unmade};
use crate::action::Action;
use crate::change::Change;
use crate::context::Context;
use crate::custody::asset::check_text;
use crate::custody::{asset, authorise_for, check_user};
use crate::decision::{Decision, Reply};
use crate::facts::{Facts, Needs};
use crate::identity::{Permission, Rules};
use crate::refusal::{FieldError, Refusal, RefusalKind};
use crate::{action, own_id, record};

/// Longest address, in characters.
pub const ADDRESS_LEN_MAX: usize = 128;

/// Longest label, in characters.
pub const LABEL_LEN_MAX: usize = 100;

record! {
    /// A destination of withdrawals.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Destination in "destinations" {
        /// Id.
        pub id: id,
        /// Whose withdrawals may go there.
        pub user_id: Uuid,
        /// Of which asset.
        pub asset_id: Uuid,
        /// The address, as its chain writes it.
        pub address: String,
        /// What its user calls it.
        pub label: Option<String>,
        /// The user who added it; none for someone on the server's own machine.
        pub created_by: Option<Uuid>,
        /// When it was added.
        pub created_at: Timestamp,
        /// From when it can be used.
        pub usable_at: Timestamp,
        /// When it was removed.
        pub removed_at: Option<Timestamp>,
    }
}

/// Adds a destination.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddDestination {
    /// The caller's own id for it: the same id with the same content is the same destination.
    pub id: Option<Uuid>,
    /// Whose.
    pub user: Uuid,
    /// Of which asset.
    pub asset: Uuid,
    /// The address: 1 to 128 printable ASCII characters without spaces.
    pub address: String,
    /// What its user calls it: 1 to 100 printable characters.
    pub label: Option<String>,
}

/// Removes a destination.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemoveDestination {
    /// Which.
    pub destination: Uuid,
}

fn check_input(command: &AddDestination) -> Result<(), FieldError> {
    own_id::check("id", command.id)?;
    let address = &command.address;
    let printable = address.bytes().all(|byte| byte.is_ascii_graphic());
    if address.is_empty() || address.len() > ADDRESS_LEN_MAX || !printable {
        let message = format!("must be 1 to {ADDRESS_LEN_MAX} printable ASCII characters without spaces");
        return Err(FieldError::new("address", message));
    }
    let label = command.label.as_deref();
    label.map_or(Ok(()), |label| check_text("label", label, LABEL_LEN_MAX))
}

/// The field in which a destination is not what a command asks for.
fn difference(destination: &Destination, command: &AddDestination) -> Option<&'static str> {
    let fields = [
        ("user", destination.user_id == command.user),
        ("asset", destination.asset_id == command.asset),
        ("address", destination.address == command.address),
        ("label", destination.label == command.label),
    ];
    fields.into_iter().find(|(_, same)| !same).map(|(field, _)| field)
}

/// Refuses the address of a destination that is in use.
fn check_new(facts: &Facts, command: &AddDestination) -> Result<(), Refusal> {
    let mut all = facts.destinations.values().map(|sealed| &sealed.row);
    let same = all.find(|known| {
        known.removed_at.is_none()
            && known.user_id == command.user
            && known.asset_id == command.asset
            && known.address == command.address
    });
    let Some(known) = same else { return Ok(()) };
    let message = format!("this address is the user's destination {} already", known.id);
    Err(Refusal::new(RefusalKind::Conflict, "destination_exists", message).field("address"))
}

impl Act for AddDestination {
    const ACTION: &'static Action = &action::DESTINATION_ADD;
    const CHANGES_ACCESS: bool = false;

    fn target(&self) -> Option<(&'static str, Uuid)> {
        None
    }

    fn needs(&self, _: &Rules, needs: &mut Needs) {
        needs.owners.insert(self.user);
        needs.assets.insert(self.asset);
        needs.destinations.extend(self.id);
        needs.destinations_of.insert(self.user);
    }

    fn decide(&self, facts: &Facts, by: &By<'_>, ctx: &Context) -> Result<Decision, Refusal> {
        let (all, own) = (Permission::CustodyWrite, Permission::CustodyOwn);
        let authority = authorise_for(self.user, by.who, all, own)?;
        check_input(self)?;
        if let Some(known) = self.id.and_then(|id| facts.destinations.get(&id)) {
            return match difference(&known.row, self) {
                None => Ok(Decision::nothing(Reply::Destination(known.row.clone()))),
                Some(field) => {
                    let own = by.who.actor_id == Some(known.row.user_id);
                    let may_read = own || by.who.holds(all) || by.who.holds(Permission::CustodyRead);
                    Err(own_id::conflict_seen(
                        may_read,
                        "destination",
                        known.row.id,
                        field,
                    ))
                }
            };
        }
        check_user(facts, self.user)?;
        if !facts.assets.contains_key(&self.asset) {
            return Err(asset::unknown(self.asset));
        }
        check_new(facts, self)?;
        let destination = Destination {
            id: self.id.unwrap_or_else(|| ctx.id(1)),
            user_id: self.user,
            asset_id: self.asset,
            address: self.address.clone(),
            label: self.label.clone(),
            created_by: by.who.actor_id,
            created_at: ctx.now,
            usable_at: ctx.now.plus_seconds(facts.rules.custody.cooling_off_s),
            removed_at: None,
        };
        let mut change = Change::new(&by.with(&authority), ctx);
        change.insert(destination.clone());
        let draft = change.draft(Self::ACTION.name, "destination", destination.id);
        Ok(Decision::one(Reply::Destination(destination), draft))
    }

    fn unmade(&self, facts: &Facts, _: &Refusal) -> Unmade {
        Unmade::about(facts, Some(self.user))
    }
}

impl Act for RemoveDestination {
    const ACTION: &'static Action = &action::DESTINATION_REMOVE;
    const CHANGES_ACCESS: bool = false;

    fn target(&self) -> Option<(&'static str, Uuid)> {
        Some(("destination", self.destination))
    }

    fn needs(&self, _: &Rules, needs: &mut Needs) {
        needs.destinations.insert(self.destination);
    }

    fn decide(&self, facts: &Facts, by: &By<'_>, ctx: &Context) -> Result<Decision, Refusal> {
        let all = by.who.authorise(Permission::CustodyWrite).ok();
        let of_all = all.is_some();
        let authority = all.map_or_else(|| by.who.authorise(Permission::CustodyOwn), Ok)?;
        let known = facts.destinations.get(&self.destination);
        let before = known
            // Somebody else's looks as if it were not there.
            .filter(|known| of_all || Some(known.row.user_id) == by.who.actor_id)
            .ok_or_else(|| {
                let message = format!("there is no destination {}", self.destination);
                Refusal::new(RefusalKind::NotFound, "unknown_destination", message).field("id")
            })?;
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

#[cfg(test)]
#[path = "destination_tests.rs"]
mod tests;
