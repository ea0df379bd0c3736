//! An id in a body.

use domain::own_id;
use schemars::JsonSchema;
use serde::de::{Deserialize, Deserializer, Error};
use uuid::Uuid;

/// A UUID that may be the id of something: neither the nil nor the max one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, JsonSchema)]
#[schemars(inline)]
pub(crate) struct Id(pub Uuid);

impl<'de> Deserialize<'de> for Id {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Id, D::Error> {
        let id = Uuid::deserialize(deserializer)?;
        own_id::check("id", Some(id)).map_err(|error| D::Error::custom(error.message))?;
        Ok(Id(id))
    }
}
