//! `/docs`: the OpenAPI document as a page for people, made once at start. It needs no script, and nothing from
//! elsewhere.

mod curl;
mod listing;
mod operation;
mod page;
mod prose;
pub(crate) mod schema;
pub(crate) mod show;
pub(crate) mod style;

pub(crate) use page::page;

use serde_json::{Map, Value};

/// A text of an object; empty where there is none.
fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_default()
}

/// The items of an array; none where there is none.
fn items<'a>(value: &'a Value, name: &str) -> &'a [Value] {
    value[name].as_array().map_or(&[], Vec::as_slice)
}

/// The members of an object; none where there is none.
fn members<'a>(value: &'a Value, name: &str) -> impl Iterator<Item = (&'a String, &'a Value)> {
    value[name].as_object().into_iter().flat_map(Map::iter)
}
