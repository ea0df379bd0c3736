//! API keys: a file per verb, and what they share.

pub(crate) mod create;
pub(crate) mod revoke;
pub(crate) mod rotate;

use crate::openapi::Parameter;

/// The key in the path.
const PATH: &[Parameter] = &[Parameter::path(
    "id",
    "The key's id.",
    r#"{"type":"string","format":"uuid","examples":["01970000-0000-7000-8000-0000000000aa"]}"#,
)];
