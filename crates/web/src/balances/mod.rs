//! Balances: a file per verb, and what they share.

mod csv;
pub(crate) mod show;
pub(crate) mod statement;
pub(crate) mod update;

use crate::openapi::Parameter;

/// The balance in the path.
const PATH: &[Parameter] = &[Parameter::path(
    "id",
    "The balance's id.",
    r#"{"type":"string","format":"uuid","examples":["01970000-0000-8000-8000-0000000000bb"]}"#,
)];
