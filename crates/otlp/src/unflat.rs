//! Lists of objects that were taken apart into attributes, such as `gen_ai.prompt.0.role`.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::attributes::Attributes;
use crate::value;

/// How many parts of a name make levels; what is left of a longer one is one name.
const LEVELS_MAX: usize = 16;

#[derive(Default)]
struct Tree {
    value: Option<Value>,
    within: BTreeMap<Place, Tree>,
}

/// A place in a list, or a member. Numbers come before names, in their order.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    Item(u32),
    Member(String),
}

impl Place {
    fn of(part: &str) -> Place {
        match part.parse() {
            // Written as it would be printed, so that no two parts are one place.
            Ok(number) if !part.starts_with('+') && (part == "0" || !part.starts_with('0')) => {
                Place::Item(number)
            }
            _ => Place::Member(part.to_owned()),
        }
    }

    fn name(self) -> String {
        match self {
            Place::Item(number) => number.to_string(),
            Place::Member(name) => name,
        }
    }
}

impl Tree {
    fn into_value(self) -> Value {
        let is_list = self.within.keys().all(|place| matches!(place, Place::Item(_)));
        match self.value {
            // A name that is also the beginning of others has its own value beside theirs.
            Some(value) if self.within.is_empty() => value,
            None if is_list => Value::Array(self.within.into_values().map(Tree::into_value).collect()),
            value => {
                let member = |(place, tree): (Place, Tree)| (place.name(), tree.into_value());
                let mut members: Map<String, Value> = self.within.into_iter().map(member).collect();
                if let Some(value) = value {
                    members.entry("value").or_insert(value);
                }
                Value::Object(members)
            }
        }
    }
}

/// The list whose items are in attributes that begin so; none where there are none. Numbers that are left out leave no gap.
pub(crate) fn list(attributes: &Attributes<'_>, prefix: &str) -> Option<Value> {
    let mut tree = Tree::default();
    for (rest, said) in attributes.below(prefix) {
        let mut at = &mut tree;
        for part in rest.splitn(LEVELS_MAX, '.') {
            at = at.within.entry(Place::of(part)).or_default();
        }
        at.value = Some(value::json(said));
    }
    (!tree.within.is_empty()).then(|| value::shallow(tree.into_value(), LEVELS_MAX + 8))
}
