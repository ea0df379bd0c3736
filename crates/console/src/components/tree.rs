//! JSON as a tree.

use maud::{Markup, html};
use serde_json::Value;

/// Deepest nesting that is folded one within the other; what is deeper is a text.
const FOLDS_MAX: usize = 8;

/// A value of JSON, what is within it folded.
pub fn tree(value: &Value) -> Markup {
    within(value, 0)
}

fn within(value: &Value, depth: usize) -> Markup {
    let leaf = |text: &str| html! { span.value { (text) } };
    match value {
        Value::Object(members) if depth < FOLDS_MAX => {
            branch(members.iter().map(|(name, value)| (name.clone(), value)), depth)
        }
        Value::Array(items) if depth < FOLDS_MAX => branch(
            items
                .iter()
                .enumerate()
                .map(|(place, value)| ((place + 1).to_string(), value)),
            depth,
        ),
        Value::String(text) => leaf(text),
        other => leaf(&other.to_string()),
    }
}

fn branch<'a>(members: impl Iterator<Item = (String, &'a Value)>, depth: usize) -> Markup {
    let folded = |value: &Value| match value {
        Value::Object(inner) => Some(inner.len()),
        Value::Array(inner) => Some(inner.len()),
        _ => None,
    };
    html! {
        ul.tree {
            @for (name, value) in members {
                li {
                    @match folded(value) {
                        Some(count) if depth + 1 < FOLDS_MAX => {
                            details open[depth == 0 && count <= FOLDS_MAX] { summary { (name) " " span.quiet { "(" (count) ")" } } (within(value, depth + 1)) }
                        }
                        _ => { b { (name) } ": " (within(value, depth + 1)) }
                    }
                }
            }
        }
    }
}
