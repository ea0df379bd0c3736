//! Who may do what.

pub(crate) mod permissions;
pub(crate) mod roles;
