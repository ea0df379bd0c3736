//! Destinations: where a user may withdraw to, once a cooling-off time has passed.

mod add;
mod remove;
mod row;
#[cfg(test)]
pub(crate) mod tests;

pub use add::AddDestination;
pub use remove::RemoveDestination;
pub use row::{ADDRESS_LEN_MAX, Destination, LABEL_LEN_MAX};
