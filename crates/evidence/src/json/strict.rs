//! Reading JSON strictly, so that what is read has one meaning.

use std::fmt;

use serde::de::{DeserializeSeed, Error as _, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use serde_json::{Map, Number, Value};

use super::DEPTH_MAX;
use super::number::{Inexact, check_exact, check_kept};

/// A JSON value read strictly: no member named twice, no inexact number, no nesting beyond [`DEPTH_MAX`].
///
/// It is read from the text, where numbers still are what was written: from any deserializer of `serde_json`, but
/// through nothing that keeps what it read for later, such as `serde(flatten)`.
#[derive(Clone, Debug, PartialEq)]
pub struct Strict(pub Value);

impl<'de> Deserialize<'de> for Strict {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Box::<RawValue>::deserialize(deserializer)?;
        check_exact(text.get()).map_err(|inexact| refused(&inexact))?;
        read(text.get(), |reader| EXACT.deserialize(reader)).map(Strict)
    }
}

/// A JSON object read strictly, see [`Strict`].
#[derive(Clone, Debug, PartialEq, Default)]
pub struct StrictObject(pub Map<String, Value>);

impl<'de> Deserialize<'de> for StrictObject {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Box::<RawValue>::deserialize(deserializer)?;
        check_exact(text.get()).map_err(|inexact| refused(&inexact))?;
        read(text.get(), |reader| reader.deserialize_map(ObjectVisitor(EXACT))).map(StrictObject)
    }
}

type Reader<'a> = serde_json::Deserializer<serde_json::de::StrRead<'a>>;

/// The error about a number; it begins with its path, in backticks.
fn refused<E: serde::de::Error>(inexact: &Inexact) -> E {
    match inexact.path.as_str() {
        "" => E::custom(inexact),
        path => E::custom(format_args!("`{path}`: {inexact}")),
    }
}

/// Reads a text. Errors begin with the path of what is wrong, in backticks.
fn read<'a, T, E: serde::de::Error>(
    text: &'a str,
    parse: impl FnOnce(&mut Reader<'a>) -> Result<T, serde_json::Error>,
) -> Result<T, E> {
    parse(&mut Reader::from_str(text)).map_err(|error| {
        let message = error.to_string();
        // Line and column would be of this part of the text alone.
        let place = format!(" at line {} column {}", error.line(), error.column());
        E::custom(message.strip_suffix(&place).unwrap_or(&message))
    })
}

/// Takes an error's message apart: the path of what it is about, and what is wrong with it. `outer` is the path of the
/// part that was being read; a strictly read one adds what is within it.
pub fn located(outer: &str, message: &str) -> (String, String) {
    let divided = message.strip_prefix('`').and_then(|rest| rest.split_once("`: "));
    let Some((inner, message)) = divided else {
        return (outer.to_owned(), message.to_owned());
    };
    let point = if outer.is_empty() || inner.starts_with('[') {
        ""
    } else {
        "."
    };
    (format!("{outer}{point}{inner}"), message.to_owned())
}

/// An error about what is within a value, so that it begins with the path to it.
fn below<E: serde::de::Error>(step: &str, error: &E) -> E {
    let message = error.to_string();
    match message.strip_prefix('`') {
        Some(rest) if rest.starts_with('[') => E::custom(format_args!("`{step}{rest}")),
        Some(rest) => E::custom(format_args!("`{step}.{rest}")),
        None => E::custom(format_args!("`{step}`: {message}")),
    }
}

/// A JSON value in which no member is named twice; numbers and nesting as they come.
///
/// What others wrote may be deep and large where nobody looks: bounds are for what is kept of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Unique(pub Value);

impl<'de> Deserialize<'de> for Unique {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        UNIQUE.deserialize(deserializer).map(Unique)
    }
}

/// Reads an optional object of the program's own making, such as a row: no member named twice, but whole numbers of
/// 64 bits and nesting as they come, because a row may hold an accepted [`StrictObject`] one level further down.
pub(crate) fn unique_members<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Map<String, Value>>, D::Error> {
    struct Members(Map<String, Value>);
    impl<'de> Deserialize<'de> for Members {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            let text = Box::<RawValue>::deserialize(deserializer)?;
            check_kept(text.get()).map_err(|inexact| refused(&inexact))?;
            read(text.get(), |reader| reader.deserialize_map(ObjectVisitor(UNIQUE))).map(Members)
        }
    }
    Ok(Option::<Members>::deserialize(deserializer)?.map(|object| object.0))
}

struct ObjectVisitor(StrictSeed);

impl<'de> Visitor<'de> for ObjectVisitor {
    type Value = Map<String, Value>;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object")
    }
    fn visit_map<A: MapAccess<'de>>(self, access: A) -> Result<Self::Value, A::Error> {
        self.0.read_map(access)
    }
}

impl serde::Serialize for StrictObject {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for StrictObject {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Object".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({"type": "object"})
    }
}

#[derive(Clone, Copy)]
struct StrictSeed {
    depth: usize,
    /// Whether only nesting up to [`DEPTH_MAX`] will do.
    bounded: bool,
}

const EXACT: StrictSeed = StrictSeed {
    depth: 0,
    bounded: true,
};
const UNIQUE: StrictSeed = StrictSeed {
    depth: 0,
    bounded: false,
};

impl StrictSeed {
    fn deeper<E: serde::de::Error>(self) -> Result<StrictSeed, E> {
        if self.bounded && self.depth == DEPTH_MAX {
            return Err(E::custom(format_args!("nested deeper than {DEPTH_MAX} levels")));
        }
        Ok(StrictSeed {
            depth: self.depth + 1,
            ..self
        })
    }

    fn read_map<'de, A: MapAccess<'de>>(self, mut access: A) -> Result<Map<String, Value>, A::Error> {
        let inner = self.deeper()?;
        let mut members = Map::new();
        while let Some(key) = access.next_key::<String>()? {
            let value = access
                .next_value_seed(inner)
                .map_err(|error| below(&key, &error))?;
            if members.contains_key(&key) {
                return Err(A::Error::custom(format_args!("member {key:?} is given twice")));
            }
            members.insert(key, value);
        }
        Ok(members)
    }
}

impl<'de> DeserializeSeed<'de> for StrictSeed {
    type Value = Value;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for StrictSeed {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }
    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }
    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }
    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }
    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }
    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Value, E> {
        // An integral double such as 1.0 or -0.0 is kept as the integer that its canonical form reads back as.
        let number = serde_json::from_str::<Number>(ryu_js::Buffer::new().format(value))
            .map_err(|_| E::custom("number out of range"))?;
        Ok(Value::Number(number))
    }
    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }
    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        let inner = self.deeper()?;
        let mut items = Vec::new();
        while let Some(item) = access
            .next_element_seed(inner)
            .map_err(|error| below(&format!("[{}]", items.len()), &error))?
        {
            items.push(item);
        }
        Ok(Value::Array(items))
    }
    fn visit_map<A: MapAccess<'de>>(self, access: A) -> Result<Value, A::Error> {
        self.read_map(access).map(Value::Object)
    }
}
