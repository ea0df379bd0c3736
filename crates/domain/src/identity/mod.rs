//! Identity: who calls, and what they may do.

pub mod api_key;
pub mod permission;
pub mod principal;
pub mod token;
pub mod user;

pub use permission::{Permission, Role, Scope};
pub use principal::{Authority, Principal};
