//! Looking at members of a line.

use std::net::IpAddr;

use domain::audit::Event;
use domain::audit::event::{ID_LEN_MAX, NAME_LEN_MAX};
use evidence::entry::{Actor, Target};
use evidence::{ActorKind, Outcome};
use serde_json::{Map, Value};

use super::fit;

/// Fields of an entry, each with where a built-in format takes it from, for `--explain` and the documentation.
pub(super) type Fields = &'static [(&'static str, &'static str)];

/// A field a line.
macro_rules! fields {
    ($($field:literal = $from:literal;)*) => { &[$(($field, $from)),*] };
}
pub(super) use fields;

/// A non-empty text member.
pub(super) fn text<'a>(members: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    members.get(name)?.as_str().filter(|text| !text.is_empty())
}

/// A non-empty text at a JSON pointer.
pub(super) fn text_at<'a>(value: &'a Value, pointer: &str) -> Option<&'a str> {
    value.pointer(pointer)?.as_str().filter(|text| !text.is_empty())
}

/// A non-empty text or a number at a JSON pointer, as text.
pub(super) fn word_at(value: &Value, pointer: &str) -> Option<String> {
    match value.pointer(pointer)? {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        number @ Value::Number(_) => Some(evidence::json::canonical(number)),
        _ => None,
    }
}

/// A network address, where the text is one.
pub(super) fn address(text: &str) -> Option<String> {
    text.parse::<IpAddr>().is_ok().then(|| text.to_owned())
}

/// An actor, with what is too long cut.
pub(super) fn actor(kind: ActorKind, id: Option<&str>, name: Option<&str>) -> Actor {
    Actor {
        kind,
        id: id.map(|id| fit::cut(id, ID_LEN_MAX).to_owned()),
        name: name.map(|name| fit::cut(name, NAME_LEN_MAX).to_owned()),
        on_behalf_of: None,
    }
}

/// A target, with what is too long cut.
pub(super) fn target(kind: &str, id: Option<&str>) -> Target {
    let kind = if kind.is_empty() { "resource" } else { kind };
    Target {
        kind: fit::kind(kind),
        id: id
            .filter(|id| !id.is_empty())
            .map(|id| fit::cut(id, ID_LEN_MAX).to_owned()),
    }
}

/// An event of these three, and nothing else yet.
pub(super) fn event(actor: Actor, action: &str, outcome: Outcome) -> Event {
    Event {
        id: None,
        occurred_at: None,
        actor,
        action: fit::action(action),
        target: None,
        outcome,
        description: None,
        details: None,
        ip: None,
        user_agent: None,
        trace_id: None,
        session_id: None,
        aim: None,
        drag_mode: None,
    }
}
