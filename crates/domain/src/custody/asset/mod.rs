//! Assets: what is held, in which smallest unit.

mod create;
mod row;

pub use create::CreateAsset;
pub(crate) use row::unknown;
pub use row::{Asset, CODE_LEN_MAX, NAME_LEN_MAX, check_code};
