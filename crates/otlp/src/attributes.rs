//! The attributes of a span, and of what it comes from.

use std::collections::HashMap;

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

    /// The first of these names that is there.
    pub fn first(&self, names: Names) -> Option<(&'static str, &'a AnyValue)> {
        names.of.iter().find_map(|name| Some((*name, self.get(name)?)))
    }

    /// What the first of them says, as a text of so many printable characters.
    pub fn text(&self, names: Names, max: usize) -> Option<String> {
        value::clean(&value::text(self.first(names)?.1)?, max)
    }

    /// What the first of them says, as a number from 0 to `max`.
    pub fn count(&self, names: Names, max: u64) -> Option<u64> {
        value::count(self.first(names)?.1).filter(|count| *count <= max)
    }
}
