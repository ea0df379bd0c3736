//! Passwords in bodies.

use domain::identity::password::{LEN_MAX, LEN_MIN};
use schemars::JsonSchema;
use serde::Deserialize;

/// A password that a user has.
#[derive(Deserialize, JsonSchema)]
pub(crate) struct Password(#[schemars(length(min = 1, max = LEN_MAX))] pub String);

/// A password that a user chooses: not a common one, nor made of the user's own names.
#[derive(Deserialize, JsonSchema)]
pub(crate) struct NewPassword(#[schemars(length(min = LEN_MIN, max = LEN_MAX))] pub String);
