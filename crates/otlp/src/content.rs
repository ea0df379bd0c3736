//! What went in and what came out.

use domain::workflow::step::StepKind;
use serde_json::{Value, json};

use crate::attributes::Attributes;
use crate::names::{self, Names};
use crate::request::messages::trace::v1::span::Event;
use crate::{unflat, value};

/// What went in and came out; none of what is not said.
pub(crate) type InOut = (Option<Value>, Option<Value>);

/// What the first of these names says. Spans that did not ask a model may have some of its messages too: there they say
/// less than all others.
fn first(kind: StepKind, attributes: &Attributes<'_>, names: Names) -> Option<Value> {
    let says = |name: &&str| match name.strip_suffix("N.*") {
        Some(prefix) => unflat::list(attributes, prefix),
        None => Some(value::parsed(value::json(attributes.get(name)?))),
    };
    let late = |name: &&&str| kind != StepKind::Model && name.ends_with("N.*");
    let mut of = names.of.iter().filter(|name| !late(name));
    of.find_map(says)
        .or_else(|| names.of.iter().filter(late).find_map(says))
}

/// What attributes say of it.
pub(crate) fn of_attributes(kind: StepKind, attributes: &Attributes<'_>) -> InOut {
    if kind == StepKind::Tool {
        return (
            first(kind, attributes, names::TOOL_INPUT),
            first(kind, attributes, names::TOOL_OUTPUT),
        );
    }
    let messages = first(kind, attributes, names::INPUT);
    let instructions = first(kind, attributes, names::INSTRUCTIONS);
    let input = match (messages, instructions) {
        (messages, None) => messages,
        (None, Some(instructions)) => Some(json!({ "system_instructions": instructions })),
        (Some(messages), Some(instructions)) => {
            Some(json!({"messages": messages, "system_instructions": instructions}))
        }
    };
    (input, first(kind, attributes, names::OUTPUT))
}

/// What a span's attributes say of it, else its events.
pub(crate) fn of_span(kind: StepKind, attributes: &Attributes<'_>, events: &[Event]) -> InOut {
    let (mut input, mut output) = of_attributes(kind, attributes);
    let understood = |event: &&Event| names::is_event(&event.name);
    if (input.is_some() && output.is_some()) || !events.iter().any(|event| understood(&event)) {
        return (input, output);
    }
    let (mut asked, mut answered) = (Vec::new(), Vec::new());
    let mut sorted: Vec<&Event> = events.iter().filter(understood).collect();
    sorted.sort_by_key(|event| event.time_unix_nano);
    for event in sorted {
        let said = Attributes::of(&event.attributes);
        if event.name == names::DETAILS {
            let (details_in, details_out) = of_attributes(StepKind::Model, &said);
            input = input.or(details_in);
            output = output.or(details_out);
        } else if event.name == names::CHOICE {
            answered.push(value::object(&event.attributes));
        } else if let Some(role) = names::role(&event.name) {
            asked.push(with_role(value::object(&event.attributes), role));
        }
    }
    let list = |items: Vec<Value>| {
        let items: Vec<Value> = items.into_iter().map(|item| value::shallow(item, 20)).collect();
        (!items.is_empty()).then_some(Value::Array(items))
    };
    (input.or_else(|| list(asked)), output.or_else(|| list(answered)))
}

/// A message, which has the role that its event's name says unless it says one itself.
pub(crate) fn with_role(mut message: Value, role: &str) -> Value {
    if let Some(members) = message.as_object_mut() {
        members.entry("role").or_insert_with(|| role.into());
    }
    message
}
