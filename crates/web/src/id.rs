//! An id in a body.

use domain::own_id;
use schemars::JsonSchema;
use serde::Deserialize;
use uuid::Uuid;

/// A UUID that may be the id of something: neither the nil nor the max one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[schemars(inline)]
pub(crate) struct Id(#[serde(deserialize_with = "own_id::deserialize")] pub Uuid);
