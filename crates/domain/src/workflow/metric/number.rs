//! The number of a metric.

use evidence::json::{self, Strict};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Deserialize, Deserializer, Error};
use serde::ser::{Serialize, Serializer};
use serde_json::Value;

use crate::record::{Field, Kind, Val};

/// A finite double, never minus zero. It is stored as its canonical text (RFC 8785, section 3.2.2.3): every double has one,
/// every text is one double, and it is the same on both engines.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Number(f64);

impl Number {
    /// A double as a number; none for infinity and what is no number.
    pub fn new(double: f64) -> Option<Number> {
        // Minus zero plus zero is zero.
        double.is_finite().then_some(Number(double + 0.0))
    }

    /// The double.
    pub fn get(self) -> f64 {
        self.0
    }

    /// The number that a text of JSON is, exactly: what would be rounded is refused.
    pub fn parse(text: &str) -> Result<Number, String> {
        serde_json::from_str(text).map_err(|error| match error.classify() {
            serde_json::error::Category::Data => error.to_string(),
            _ => "must be a number such as 0.5 or -2e3".to_owned(),
        })
    }

    /// Its canonical text.
    pub fn text(self) -> String {
        json::canonical(&Value::from(self.0))
    }
}

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Number, D::Error> {
        let Strict(value) = Strict::deserialize(deserializer).map_err(|error: D::Error| {
            // Elsewhere a string would do; here it would be no number.
            match error.to_string().strip_suffix("; send it as a string") {
                Some(what) => {
                    D::Error::custom(format!("{what}: a double holds 15 digits, from 1e-307 to 1e308"))
                }
                None => error,
            }
        })?;
        let number = value.as_f64().and_then(Number::new);
        number.ok_or_else(|| D::Error::custom("must be a number"))
    }
}

impl Serialize for Number {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // As it is in canonical JSON: 1, and not 1.0.
        let value: Value = serde_json::from_str(&self.text()).map_err(serde::ser::Error::custom)?;
        value.serialize(serializer)
    }
}

impl JsonSchema for Number {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Number".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "number"})
    }
}

impl Field for Number {
    const KIND: Kind = Kind::Text;

    fn to_val(&self) -> Val {
        self.text().into()
    }

    fn of_val(value: Val) -> Result<Number, String> {
        let text = String::of_val(value)?;
        let number = text.parse().ok().and_then(Number::new);
        let number = number.filter(|number| number.text() == text);
        number.ok_or_else(|| format!("{text:?} is not the canonical text of a number"))
    }
}
