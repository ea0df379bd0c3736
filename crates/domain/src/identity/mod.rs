//! Identity: who calls, and what they may do.

pub mod api_key;
pub mod invitation;
pub mod login;
pub mod password;
pub mod permission;
pub mod principal;
pub mod rules;
pub mod second_factor;
pub mod security_event;
pub mod session;
pub mod token;
pub mod user;
#[cfg(test)]
pub(crate) mod world;

pub use permission::{Permission, Role, Scope};
pub use principal::{Authority, Must, Principal};
pub use rules::Rules;
