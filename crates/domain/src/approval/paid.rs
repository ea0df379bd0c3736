//! Who is paid by what an approval is for: they do not vote on it.

use serde_json::Value;
use uuid::Uuid;

use super::row::{Approval, INTERNAL};
use crate::action;
use crate::custody::{Balance, House, Owner};
use crate::tables::Facts;

/// A movement that an approval is for: the asset, what is debited, what is credited.
pub type Movement = (Uuid, Uuid, Uuid);

fn arguments(approval: &Approval) -> Value {
    serde_json::from_str(&approval.arguments).unwrap_or_default()
}

fn id(arguments: &Value, name: &str) -> Option<Uuid> {
    arguments[name]
        .as_str()
        .and_then(|text| Uuid::try_parse(text).ok())
}

/// The operation that is there and that an approval is for a step of.
pub fn operation_of(approval: &Approval) -> Option<Uuid> {
    let step = approval.action.starts_with(INTERNAL) && approval.action != action::OPERATION_CREATE.name;
    step.then(|| id(&arguments(approval), "operation")).flatten()
}

/// The movement that an approval is for. Arguments that name none are those of no command, so that nothing moves by them.
fn movement(facts: &Facts, approval: &Approval) -> Option<Movement> {
    if approval.action == action::OPERATION_CREATE.name {
        let arguments = arguments(approval);
        let id = |name| id(&arguments, name);
        return Some((id("asset")?, id("debit")?, id("credit")?));
    }
    let row = &facts.operations.get(&operation_of(approval)?)?.row;
    Some((row.asset_id, row.debit_id, row.credit_id))
}

/// Whether a movement pays this user: what is credited is theirs, or it leaves for the world outside from what is theirs.
pub fn pays((asset, debit, credit): Movement, user: Uuid) -> bool {
    let own = Balance::id_of(asset, Owner::User(user));
    let outside = Balance::id_of(asset, Owner::House(House::External));
    credit == own || credit == outside && debit == own
}

/// Whether the user is paid by what an approval is for.
pub(super) fn is_paid(facts: &Facts, approval: &Approval, user: Uuid) -> bool {
    movement(facts, approval).is_some_and(|movement| pays(movement, user))
}
