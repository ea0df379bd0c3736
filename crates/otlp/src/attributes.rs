//! The attributes of a span, and of what it comes from.

use std::collections::HashMap;

use serde_json::Value;

use crate::names::Names;
use crate::request::messages::common::v1::{AnyValue, KeyValue};
use crate::value;

/// Attributes by name. Of two of one name the first counts.
#[derive(Clone, Debug, Default)]
pub(crate) struct Attributes<'a>(HashMap<&'a str, &'a AnyValue>);

impl<'a> Attributes<'a> {
    /// Those of a list that say something.
    pub fn of(list: &'a [KeyValue]) -> Attributes<'a> {
        let mut all = HashMap::with_capacity(list.len());
        for pair in list {
            if let Some(value) = pair.value.as_ref().filter(|value| value::says(value)) {
                all.entry(pair.key.as_str()).or_insert(value);
            }
        }
        Attributes(all)
    }

    /// The value of this name.
    pub fn get(&self, name: &str) -> Option<&'a AnyValue> {
        self.0.get(name).copied()
    }

    /// Those whose names begin so, with the rest of their names.
    pub fn below(&self, prefix: &str) -> impl Iterator<Item = (&'a str, &'a AnyValue)> {
        let rest = move |(name, value): (&&'a str, &&'a AnyValue)| Some((name.strip_prefix(prefix)?, *value));
        self.0.iter().filter_map(rest)
    }

    /// The first of these attributes that is there. Members of what is JSON are found by `text` and `json` alone.
    pub fn first(&self, names: Names) -> Option<(&'static str, &'a AnyValue)> {
        names.of.iter().find_map(|name| Some((*name, self.get(name)?)))
    }

    /// What the first of them says, as JSON, with the structure of a text that holds one.
    pub fn json(&self, names: Names) -> Option<Value> {
        let mut of = names.of.iter();
        of.find_map(|name| {
            self.within(name)
                .or_else(|| Some(value::parsed(value::json(self.get(name)?))))
        })
    }

    /// What the first of them says, as a text of so many printable characters.
    pub fn text(&self, names: Names, max: usize) -> Option<String> {
        let text = names.of.iter().find_map(|name| match self.within(name) {
            Some(Value::String(text)) => Some(Some(text)),
            Some(member) => Some(member.as_number().map(ToString::to_string)),
            None => self.get(name).map(value::text),
        });
        value::clean(&text??, max)
    }

    /// The member B of the attribute A that is JSON, where the name is `A[B]`: of an object, or of each object in a list.
    fn within(&self, name: &str) -> Option<Value> {
        let (attribute, member) = name.strip_suffix(']')?.split_once('[')?;
        let says = |value: &Value| !value.is_null() && value.as_str() != Some("");
        match value::parsed(value::json(self.get(attribute)?)) {
            Value::Object(mut members) => members.remove(member).filter(says),
            Value::Array(items) => {
                let of = items
                    .into_iter()
                    .filter_map(|mut item| Some(item.get_mut(member)?.take()));
                let of: Vec<Value> = of.filter(says).collect();
                (!of.is_empty()).then_some(Value::Array(of))
            }
            _ => None,
        }
    }

    /// What the first of them says, as a number from 0 to `max`.
    pub fn count(&self, names: Names, max: u64) -> Option<u64> {
        value::count(self.first(names)?.1).filter(|count| *count <= max)
    }
}
