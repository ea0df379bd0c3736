//! Invitations: single-use links by which a user sets a password.

mod accept;
mod invite;
mod row;
#[cfg(test)]
pub(crate) mod tests;

pub use accept::{AcceptInvitation, invalid};
pub use invite::InviteUser;
pub(crate) use invite::{invite, withdraw};
pub use row::Invitation;
