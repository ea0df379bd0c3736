//! Balances: what a user or the house owns of an asset, and what of it is held.

mod configure;
mod row;

pub use configure::ConfigureBalance;
pub(crate) use row::unknown;
pub use row::{Account, Balance, House, Owner};
