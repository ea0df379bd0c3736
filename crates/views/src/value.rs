//! Values as JSON writes them, each with its schema.

use std::borrow::Cow;
use std::fmt;

use domain::custody::{Account, Amount, Asset, Owner};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::ser::{Serialize, Serializer};

/// An amount of an asset, as a decimal with all its digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Units(pub Amount, pub u8);

impl Units {
    /// An amount of this asset.
    pub fn of(amount: Amount, asset: &Asset) -> Units {
        Units(amount, asset.digits())
    }

    /// Whether it is nothing.
    pub fn is_zero(&self) -> bool {
        self.0 == Amount::ZERO
    }

    /// An amount of bitcoin, for examples.
    pub(crate) fn example(units: i128) -> Units {
        Units(Amount::new(units).unwrap_or(Amount::ZERO), 8)
    }
}

impl fmt::Display for Units {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.to_decimal(self.1))
    }
}

impl Serialize for Units {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl JsonSchema for Units {
    fn schema_name() -> Cow<'static, str> {
        "Amount".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "description": "A decimal number with every digit after the point that the asset has.",
            "pattern": "^-?[0-9]+([.][0-9]+)?$",
            "examples": ["0.50000000"],
        })
    }
}

/// Whose a balance is: `user:<id>` or `house:<name>`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Holder(pub Account);

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.owner {
            Owner::User(id) => write!(f, "user:{id}"),
            Owner::House(house) => write!(f, "house:{}", house.as_str()),
        }
    }
}

impl Serialize for Holder {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl JsonSchema for Holder {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Holder".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "string", "description": "`user:<id>` or `house:<name>`."})
    }
}
