//! Adding destinations.

use super::row::{ADDRESS_LEN_MAX, Destination, LABEL_LEN_MAX};
use crate::custody::asset;
use crate::custody::whose::{authorise_for, check_user};
use crate::prelude::*;

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
    Err(code::DESTINATION_EXISTS.because(message).field("address"))
}

impl Act for AddDestination {
    act! {
        action: DESTINATION_ADD, changes_access: false, target: none,
        refusals: INVALID_FIELD, ID_CONFLICT, UNKNOWN_USER, USER_ERASED, UNKNOWN_ASSET, DESTINATION_EXISTS
    }

    fn needs(&self, _: &Rules, needs: &mut Needs) {
        needs.row(&looks::USER_RELIED_ON, self.user);
        needs.row(&looks::ASSET, self.asset);
        needs.rows(&looks::DESTINATION, self.id);
        needs.row(&looks::DESTINATIONS_IN_USE_OF, self.user);
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
