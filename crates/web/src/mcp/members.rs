//! The members of a JSON object, each as the bytes that came: what is passed on must be what was sent.

use std::fmt;

use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

/// Most members: each is held against all before it.
const MEMBERS_MAX: usize = 100;

/// Name and value of each member, in their order; none is there twice.
#[derive(Debug, Default)]
pub(super) struct Members<'a>(pub Vec<(String, &'a RawValue)>);

impl<'a> Members<'a> {
    /// The value of a member; none where it is left out or null.
    pub fn get(&self, name: &str) -> Option<&'a RawValue> {
        self.given(name).filter(|value| value.get() != "null")
    }

    /// The value of a member, be it null.
    pub fn given(&self, name: &str) -> Option<&'a RawValue> {
        let found = self.0.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| *value)
    }

    /// A text; none where it is another type.
    pub fn text(&self, name: &str) -> Option<String> {
        serde_json::from_str(self.get(name)?.get()).ok()
    }

    /// The members of a member; none where it is no object, or has a member twice.
    pub fn object(&self, name: &str) -> Option<Members<'a>> {
        serde_json::from_str(self.get(name)?.get()).ok()
    }
}

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Each;
        impl<'de> Visitor<'de> for Each {
            type Value = Members<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Self::Value, A::Error> {
                let mut members = Members::default();
                while let Some(name) = access.next_key::<String>()? {
                    let value = access.next_value()?;
                    if members.given(&name).is_some() {
                        return Err(A::Error::custom(format_args!(
                            "the member {name:?} is given twice"
                        )));
                    }
                    if members.0.len() == MEMBERS_MAX {
                        return Err(A::Error::custom(format_args!(
                            "an object has more than {MEMBERS_MAX} members"
                        )));
                    }
                    members.0.push((name, value));
                }
                Ok(members)
            }
        }
        deserializer.deserialize_map(Each)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_the_bytes_that_came() {
        let text = r#"{"a" : 1.00 ,"b":{"c":1,"c":2},"d":null,"\u0065":"\u0041"}"#;
        let members: Members<'_> = serde_json::from_str(text).unwrap();
        let values: Vec<_> = members
            .0
            .iter()
            .map(|(name, value)| (name.as_str(), value.get()))
            .collect();
        assert_eq!(
            values,
            [
                ("a", "1.00"),
                ("b", r#"{"c":1,"c":2}"#),
                ("d", "null"),
                ("e", "\"\\u0041\"")
            ]
        );
        assert_eq!(members.text("e").as_deref(), Some("A"));
        assert!(members.get("d").is_none() && members.given("d").is_some());
        assert!(
            members.text("a").is_none() && members.object("a").is_none() && members.object("b").is_none()
        );
        for wrong in [r#"{"a":1,"\u0061":1}"#, "[]", "7", "{", r#"{"a":}"#] {
            assert!(serde_json::from_str::<Members<'_>>(wrong).is_err(), "{wrong}");
        }
        let many = |count: usize| {
            let members: Vec<_> = (0..count).map(|number| format!("\"{number}\":0")).collect();
            format!("{{{}}}", members.join(","))
        };
        assert!(serde_json::from_str::<Members<'_>>(&many(MEMBERS_MAX)).is_ok());
        assert!(serde_json::from_str::<Members<'_>>(&many(MEMBERS_MAX + 1)).is_err());
    }
}
