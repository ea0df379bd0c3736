//! Login sessions.

mod end;
mod renew;
mod row;
#[cfg(test)]
pub(crate) mod tests;

pub(crate) use end::end_all;
pub use end::{EndSession, EndSessionsOf};
pub use renew::RenewSession;
pub(crate) use renew::own;
pub use row::{EndReason, SESSIONS_MAX, Session};
