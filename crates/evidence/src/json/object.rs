//! Objects that are read into types. Serde alone would take an array, too, its items as the members in their order.

use std::fmt;
use std::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

/// What an object alone is read into.
pub struct Object<T>(pub T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for Members<T> {
            type Value = T;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, access: A) -> Result<T, A::Error> {
                T::deserialize(MapAccessDeserializer::new(access))
            }
        }
        deserializer.deserialize_map(Members(PhantomData)).map(Object)
    }
}

/// A member that is an object.
pub fn object<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    Object::deserialize(deserializer).map(|Object(value)| value)
}

/// The same where it may be null.
pub fn object_or_null<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    let value = Option::<Object<T>>::deserialize(deserializer)?;
    Ok(value.map(|Object(value)| value))
}

/// A list of objects, or null.
pub fn objects_or_null<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Vec<T>>, D::Error> {
    let list = Option::<Vec<Object<T>>>::deserialize(deserializer)?;
    Ok(list.map(|list| list.into_iter().map(|Object(value)| value).collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Side {
        kind: String,
        id: Option<u64>,
    }

    #[derive(Debug, PartialEq, Deserialize)]
    struct Whole {
        #[serde(deserialize_with = "object")]
        one: Side,
        #[serde(default, deserialize_with = "object_or_null")]
        other: Option<Side>,
        #[serde(default, deserialize_with = "objects_or_null")]
        more: Option<Vec<Side>>,
    }

    fn read(text: &str) -> Result<Whole, String> {
        serde_json::from_str(text).map_err(|error| error.to_string())
    }

    #[test]
    fn an_array_is_no_object() {
        let side = |id| Side {
            kind: "x".to_owned(),
            id,
        };
        let whole = |other, more| Whole {
            one: side(Some(7)),
            other,
            more,
        };
        for (text, expected) in [
            (r#"{"one":{"kind":"x","id":7}}"#, whole(None, None)),
            (
                r#"{"one":{"id":7,"kind":"x"},"other":null,"more":null}"#,
                whole(None, None),
            ),
            (
                r#"{"one":{"kind":"x","id":7},"other":{"kind":"x"},"more":[{"kind":"x"}]}"#,
                whole(Some(side(None)), Some(vec![side(None)])),
            ),
        ] {
            assert_eq!(read(text), Ok(expected), "{text}");
        }
        for (text, expected) in [
            (r#"{"one":["x",7]}"#, "invalid type: sequence, expected an object"),
            (r#"{"one":null}"#, "invalid type: null, expected an object"),
            (r#"{"other":{"kind":"x"}}"#, "missing field `one`"),
            (r#"{"one":{"kind":"x","no":7}}"#, "unknown field `no`"),
            (r#"{"one":{"kind":"x"},"other":[]}"#, "invalid type: sequence"),
            (r#"{"one":{"kind":"x"},"other":7}"#, "invalid type: integer `7`"),
            (r#"{"one":{"kind":"x"},"more":[["x"]]}"#, "invalid type: sequence"),
        ] {
            let error = read(text).unwrap_err();
            assert!(error.starts_with(expected), "{text}: {error}");
        }
    }
}
