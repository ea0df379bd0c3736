//! Custody: assets, balances, operations, KYC and destinations.
//!
//! Amounts are whole numbers of an asset's smallest unit. Every movement takes an amount from one balance, its debit,
//! and gives it to another, its credit, so the balances of an asset always sum to zero: what users and the house own
//! is what the asset's external balance owes.

pub mod amount;
pub mod asset;
pub mod balance;
pub mod chain;
pub mod destination;
pub mod kyc;
pub mod operation;
pub mod rules;

pub use amount::{AMOUNT_MAX, Amount, AmountError, SCALE_MAX};
pub use asset::Asset;
pub use balance::{Account, Balance, House, Owner};
pub use operation::{Operation, OperationKind, OperationStatus};
pub use rules::CustodyRules;

use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::facts::Facts;
use crate::identity::{Authority, Permission, Principal};
use crate::refusal::{Refusal, RefusalKind};

/// An id that follows from what it is the id of: a UUIDv8 (RFC 9562 section 5.8) of 122 bits of SHA-256 over the
/// parts, each with its length.
pub fn derived_id(purpose: &str, parts: &[&[u8]]) -> Uuid {
    let mut hash = Sha256::new();
    for part in std::iter::once(&purpose.as_bytes()).chain(parts) {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    let digest = hash.finalize();
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest[..16]);
    uuid::Builder::from_custom_bytes(bytes).into_uuid()
}

/// Checks that the caller may do something for a user: with one permission for all, with the other for oneself.
pub(crate) fn authorise_for(
    user: Uuid,
    who: &Principal,
    all: Permission,
    own: Permission,
) -> Result<Authority, Refusal> {
    match who.authorise(all) {
        Err(_) if who.actor_id == Some(user) => who.authorise(own),
        authority => authority,
    }
}

/// Refuses a user that is not there, or was erased.
pub(crate) fn check_user(facts: &Facts, id: Uuid) -> Result<(), Refusal> {
    let refuse = |kind, code, message: String| Err(Refusal::new(kind, code, message).field("user"));
    match facts.users.get(&id) {
        None => refuse(
            RefusalKind::NotFound,
            "unknown_user",
            format!("there is no user {id}"),
        ),
        Some(user) if user.row.erased_at.is_some() => {
            let message = format!("user {id} was erased");
            refuse(RefusalKind::Conflict, "user_erased", message)
        }
        Some(_) => Ok(()),
    }
}
