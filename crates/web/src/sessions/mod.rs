//! Ending sessions.

pub(crate) mod end;
pub(crate) mod end_all;
