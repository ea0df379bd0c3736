//! The payload: the part of an entry that may be personal, and may therefore be erased.

use std::borrow::Cow;

use crate::spelt::spelt;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::json::{self, ObjectWriter, StrictObject};
use crate::time::Timestamp;

/// Longest kind of a target that Probity takes, in bytes.
pub const KIND_LEN_MAX: usize = 64;
/// Longest id of an actor or target that Probity takes, in characters.
pub const ID_LEN_MAX: usize = 1_024;
/// Longest name, session id or AIM actor that Probity takes, in characters.
pub const NAME_LEN_MAX: usize = 256;
/// Longest description, user agent or AIM mission that Probity takes, in characters.
pub const TEXT_LEN_MAX: usize = 10_000;
/// What actions and kinds of targets are made of.
#[cfg(feature = "schema")]
pub const WORD: &str = "^[A-Za-z0-9._:/-]+$";

/// What kind of actor acted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(inline))]
pub enum ActorKind {
    /// A person.
    User,
    /// An AI agent.
    Agent,
    /// A program.
    Service,
    /// Probity itself.
    System,
    /// Someone whom only another system knows.
    External,
}

spelt! {
    ActorKind { User = "user", Agent = "agent", Service = "service", System = "system", External = "external" }
}

/// How freely an AI agent worked: drafting, research, analysis or grunt work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum DragMode {
    /// Drafting.
    Draft,
    /// Research.
    Research,
    /// Analysis.
    Analysis,
    /// Grunt work.
    Grunt,
}

spelt! { DragMode { Draft = "draft", Research = "research", Analysis = "analysis", Grunt = "grunt" } }

/// AIM context of an agent's work: actor, input, mission.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Aim {
    /// Who works, in the agent's own words.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = NAME_LEN_MAX)))]
    pub actor: Option<String>,
    /// What it was given: at most 256 KiB of canonical JSON.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub input: Option<StrictObject>,
    /// What it is for.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = TEXT_LEN_MAX)))]
    pub mission: Option<String>,
}

/// A row before and after a change, as JSON objects without secrets.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RowImages {
    /// The row before; none when it was made.
    #[serde(
        skip_serializing_if = "Option::is_none",
        default,
        deserialize_with = "json::unique_members"
    )]
    pub before: Option<Map<String, Value>>,
    /// The row after; none when it was deleted.
    #[serde(
        skip_serializing_if = "Option::is_none",
        default,
        deserialize_with = "json::unique_members"
    )]
    pub after: Option<Map<String, Value>>,
}

/// The erasable part of an entry.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Payload {
    /// What identifies and names the actor.
    pub actor: PayloadActor,
    /// AIM context.
    pub aim: Option<Aim>,
    /// Row images, in the order of the entry's list of changes. Canonical form leaves out empty ones at the end,
    /// so that a list without images commits to the same as no list.
    pub changes: Vec<RowImages>,
    /// A sentence for people.
    pub description: Option<String>,
    /// Whatever else the recorder wanted to keep.
    pub details: Option<StrictObject>,
    /// DRAG mode.
    pub drag_mode: Option<DragMode>,
    /// Network address of the actor.
    pub ip: Option<String>,
    /// When it happened, by the recorder's clock.
    pub occurred_at: Option<Timestamp>,
    /// The actor's session.
    pub session_id: Option<String>,
    /// The target's id, where it comes from outside.
    pub target: PayloadTarget,
    /// W3C trace id.
    pub trace_id: Option<String>,
    /// The actor's program.
    pub user_agent: Option<String>,
}

/// What the payload says of the actor.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PayloadActor {
    /// Id, where it comes from outside.
    pub id: Option<String>,
    /// Name.
    pub name: Option<String>,
    /// For whom the actor acted.
    pub on_behalf_of: Option<String>,
}

/// What the payload says of the target.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PayloadTarget {
    /// Id, where it comes from outside.
    pub id: Option<String>,
}

impl Payload {
    /// Appends the canonical JSON (RFC 8785); what is absent is left out.
    pub fn write(&self, out: &mut String) {
        self.write_with(None, out);
    }

    /// The same with row images that are canonical JSON already, a list, instead of `changes`.
    pub fn write_with(&self, images: Option<&str>, out: &mut String) {
        let mut object = ObjectWriter::new(out);
        let actor = &self.actor;
        if actor.id.is_some() || actor.name.is_some() || actor.on_behalf_of.is_some() {
            let mut inner = ObjectWriter::new(object.key("actor"));
            inner.optional("id", actor.id.as_deref());
            inner.optional("name", actor.name.as_deref());
            inner.optional("on_behalf_of", actor.on_behalf_of.as_deref());
            inner.end();
        }
        if let Some(aim) = &self.aim {
            let mut inner = ObjectWriter::new(object.key("aim"));
            inner.optional("actor", aim.actor.as_deref());
            if let Some(input) = &aim.input {
                json::write_map(&input.0, inner.key("input"));
            }
            inner.optional("mission", aim.mission.as_deref());
            inner.end();
        }
        if let Some(images) = images {
            object.key("changes").push_str(images);
        } else if let Some(last) = self
            .changes
            .iter()
            .rposition(|images| *images != RowImages::default())
        {
            write_images(&self.changes[..=last], object.key("changes"));
        }
        object.optional("description", self.description.as_deref());
        if let Some(details) = &self.details {
            json::write_map(&details.0, object.key("details"));
        }
        object.optional("drag_mode", self.drag_mode.map(DragMode::as_str));
        object.optional("ip", self.ip.as_deref());
        if let Some(time) = self.occurred_at {
            let out = object.key("occurred_at");
            out.push('"');
            time.write(out);
            out.push('"');
        }
        object.optional("session_id", self.session_id.as_deref());
        if let Some(id) = &self.target.id {
            let mut inner = ObjectWriter::new(object.key("target"));
            inner.string("id", id);
            inner.end();
        }
        object.optional("trace_id", self.trace_id.as_deref());
        object.optional("user_agent", self.user_agent.as_deref());
        object.end();
    }

    /// The canonical JSON.
    pub fn to_text(&self) -> String {
        let mut out = String::with_capacity(512);
        self.write(&mut out);
        out
    }

    /// The canonical JSON with row images that are canonical JSON already: a list, of which at least the last is not empty.
    pub fn to_text_with(&self, images: &str) -> String {
        let mut out = String::with_capacity(512 + images.len());
        self.write_with(Some(images), &mut out);
        out
    }

    /// Reads a stored payload.
    pub fn parse(text: &str) -> Result<Payload, serde_json::Error> {
        serde_json::from_str(text)
    }
}

/// By what of its payload an entry is found, borrowed from its text.
#[derive(Clone, Debug, Deserialize, Default)]
pub struct Found<'a> {
    #[serde(borrow, default)]
    actor: FoundActor<'a>,
    #[serde(borrow, default)]
    target: FoundTarget<'a>,
    #[serde(borrow, default)]
    ip: Option<Cow<'a, str>>,
    /// When it happened, by the recorder's clock.
    #[serde(default)]
    pub occurred_at: Option<Timestamp>,
}

#[derive(Clone, Debug, Deserialize, Default)]
struct FoundActor<'a> {
    #[serde(borrow, default)]
    id: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    name: Option<Cow<'a, str>>,
}

#[derive(Clone, Debug, Deserialize, Default)]
struct FoundTarget<'a> {
    #[serde(borrow, default)]
    id: Option<Cow<'a, str>>,
}

impl<'a> Found<'a> {
    /// Reads a stored payload, by less work than [`Payload::parse`].
    pub fn parse(text: &'a str) -> Result<Found<'a>, serde_json::Error> {
        serde_json::from_str(text)
    }

    /// The actor's id or name, where it comes from outside.
    pub fn actor(&self) -> Option<&str> {
        self.actor.id.as_deref().or(self.actor.name.as_deref())
    }

    /// The target's id, where it comes from outside.
    pub fn target(&self) -> Option<&str> {
        self.target.id.as_deref()
    }

    /// The network address.
    pub fn ip(&self) -> Option<&str> {
        self.ip.as_deref()
    }
}

fn write_images(changes: &[RowImages], out: &mut String) {
    out.push('[');
    for (position, images) in changes.iter().enumerate() {
        if position > 0 {
            out.push(',');
        }
        let mut inner = ObjectWriter::new(out);
        if let Some(after) = &images.after {
            json::write_map(after, inner.key("after"));
        }
        if let Some(before) = &images.before {
            json::write_map(before, inner.key("before"));
        }
        inner.end();
    }
    out.push(']');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn canonical_text_round_trips() {
        let text = r#"{"actor":{"id":"arn:aws:iam::1:user/b","name":"b","on_behalf_of":"c"},"aim":{"actor":"a","input":{"k":[1,2.5]},"mission":"m"},"changes":[{"after":{"a":1},"before":{"a":0}},{"after":{}}],"description":"d","details":{"x":{"é":null}},"drag_mode":"grunt","ip":"::1","occurred_at":"2023-07-10T11:42:18.000000Z","session_id":"s","target":{"id":"t"},"trace_id":"4bf9","user_agent":"curl"}"#;
        let payload = Payload::parse(text).unwrap();
        assert_eq!(payload.to_text(), text);
        let value: json::Strict = serde_json::from_str(text).unwrap();
        assert_eq!(json::canonical(&value.0), text);
        assert_eq!(Payload::default().to_text(), "{}");
        assert_eq!(Payload::parse("{}").unwrap(), Payload::default());
        assert!(Payload::parse(r#"{"surprise":1}"#).is_err());
    }

    #[test]
    fn images_are_read_strictly_and_empty_ones_at_the_end_are_left_out() {
        let payload = Payload::parse(r#"{"changes":[{},{"after":{"n":9007199254740993}},{},{}]}"#).unwrap();
        assert_eq!(
            payload.to_text(),
            r#"{"changes":[{},{"after":{"n":9007199254740993}}]}"#
        );
        assert_eq!(Payload::parse(r#"{"changes":[{},{}]}"#).unwrap().to_text(), "{}");
        let error = Payload::parse(r#"{"changes":[{"after":{"x":{"a":1,"a":2}}}]}"#).unwrap_err();
        assert!(error.to_string().contains("given twice"), "{error}");
    }
}
