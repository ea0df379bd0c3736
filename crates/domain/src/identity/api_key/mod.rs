//! API keys.

mod create;
mod revoke;
mod rotate;
mod row;
#[cfg(test)]
pub(crate) mod tests;

pub use create::CreateApiKey;
pub use revoke::RevokeApiKey;
pub use rotate::RotateApiKey;
pub use row::{ApiKey, NAME_LEN_MAX, OVERLAP_S_MAX, REQUESTS_PER_MINUTE_MAX};
