//! The ways in and out: login, logout, invitations.

pub(crate) mod invitation;
pub(crate) mod login;
pub(crate) mod logout;
