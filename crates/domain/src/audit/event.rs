//! An event that an application reports or an import brings, and its bounds.

use std::net::IpAddr;

use evidence::commitment::{self, Salt};
use evidence::entry::{Actor, Recorded, Target};
use evidence::json::{self, StrictObject, object, object_or_null};
use evidence::leaf::Outcome;
use evidence::payload::WORD;
use evidence::payload::{ActorKind, Aim, DragMode, Payload, PayloadActor, PayloadTarget};
pub use evidence::payload::{ID_LEN_MAX, KIND_LEN_MAX, NAME_LEN_MAX, TEXT_LEN_MAX};
use evidence::time::Timestamp;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer};
use uuid::Uuid;

use crate::own_id;
use crate::refusal::FieldError;

/// Most events in one request.
pub const EVENTS_MAX: usize = 1_000;
/// Longest action, in bytes.
pub const ACTION_LEN_MAX: usize = 128;
/// Largest `details` or `aim.input`, in bytes of canonical JSON.
pub const DETAILS_BYTES_MAX: usize = 262_144;
/// The member of `details` in which an import keeps what an entry had in the log that it comes from. It counts by
/// itself, with the same bound: whatever was accepted can be exported and imported.
pub const IMPORTED: &str = "_imported";
/// How far ahead of our clock an event may say that it happened, in seconds.
pub const AHEAD_SECONDS_MAX: i64 = 86_400;

/// An event to record. Unknown members, members given twice, numbers that are not exact as doubles, and nesting deeper
/// than 32 levels are refused.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Event {
    /// Your own id, best a UUIDv7: sending it again with the same content answers as the first time. One is made
    /// otherwise.
    #[serde(default, deserialize_with = "crate::own_id::optional")]
    #[schemars(with = "Option<Uuid>")]
    pub id: Option<Uuid>,
    /// When it happened, by the reporter's clock.
    #[serde(default)]
    pub occurred_at: Option<Timestamp>,
    /// Who acted.
    #[serde(deserialize_with = "object")]
    pub actor: Actor,
    /// The verb.
    #[schemars(length(min = 1, max = ACTION_LEN_MAX), regex(pattern = WORD))]
    pub action: String,
    /// What was acted on.
    #[serde(default, deserialize_with = "object_or_null")]
    pub target: Option<Target>,
    /// How it ended; `success` unless given.
    #[serde(default, deserialize_with = "success_unless_given")]
    #[schemars(with = "Option<Outcome>")]
    pub outcome: Outcome,
    /// A sentence for people.
    #[serde(default)]
    #[schemars(length(min = 1, max = TEXT_LEN_MAX))]
    pub description: Option<String>,
    /// Anything else: at most 256 KiB of canonical JSON.
    #[serde(default)]
    pub details: Option<StrictObject>,
    /// Network address of the actor.
    #[serde(default)]
    #[schemars(schema_with = "address")]
    pub ip: Option<String>,
    /// The actor's program.
    #[serde(default)]
    #[schemars(length(min = 1, max = TEXT_LEN_MAX))]
    pub user_agent: Option<String>,
    /// W3C trace id, not all zero.
    #[serde(default)]
    #[schemars(
        regex(pattern = "^[0-9a-f]{32}$"),
        extend("not" = {"const": "00000000000000000000000000000000"})
    )]
    pub trace_id: Option<String>,
    /// The actor's session.
    #[serde(default)]
    #[schemars(length(min = 1, max = NAME_LEN_MAX))]
    pub session_id: Option<String>,
    /// AIM context of an agent.
    #[serde(default, deserialize_with = "object_or_null")]
    pub aim: Option<Aim>,
    /// DRAG mode of an agent.
    #[serde(default)]
    pub drag_mode: Option<DragMode>,
}

/// The schema of a network address, or none.
fn address(_: &mut SchemaGenerator) -> Schema {
    json_schema!({"anyOf": [
        {"type": "string", "format": "ipv4"},
        {"type": "string", "format": "ipv6"},
        {"type": "null"},
    ]})
}

/// An event checked and made ready for the log: canonical payload, salt and commitment.
#[derive(Clone, Debug, PartialEq)]
pub struct NewEntry {
    /// Id.
    pub id: Uuid,
    /// Whether the reporter brought the id, so that it may have been recorded before.
    pub own_id: bool,
    /// When it happened.
    pub occurred_at: Option<Timestamp>,
    /// What kind of actor.
    pub actor_kind: ActorKind,
    /// The actor as the filter finds it.
    pub actor: Option<String>,
    /// The verb.
    pub action: String,
    /// What kind of target.
    pub target_kind: Option<String>,
    /// The target as the filter finds it.
    pub target: Option<String>,
    /// How it ended.
    pub outcome: Outcome,
    /// Network address in its usual text form.
    pub ip: Option<String>,
    /// Canonical payload.
    pub payload: String,
    /// Its salt.
    pub salt: Salt,
    /// The commitment to it.
    pub commitment: [u8; 32],
    /// Of an entry of our own export: what the logs that it comes from hold, of which one may be this one.
    pub exported: Vec<Recorded>,
}

fn bounded(field: &str, text: Option<&str>, chars_max: usize) -> Result<(), FieldError> {
    let Some(text) = text else { return Ok(()) };
    // Bytes are an upper bound of characters, so most texts need no count.
    if text.is_empty() || (text.len() > chars_max && text.chars().count() > chars_max) {
        return Err(FieldError::new(
            field,
            format!("must be 1 to {chars_max} characters"),
        ));
    }
    if text.contains('\0') {
        return Err(FieldError::new(field, "must not contain the character U+0000"));
    }
    Ok(())
}

/// Checks that a text is a word of at most so many bytes.
pub(crate) fn word(field: &str, text: &str, len_max: usize) -> Result<(), FieldError> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"._:/-".contains(&byte);
    if text.is_empty() || text.len() > len_max || !text.bytes().all(allowed) {
        return Err(FieldError::new(
            field,
            format!("must be 1 to {len_max} characters of A-Z, a-z, 0-9, '.', '_', ':', '/' and '-'"),
        ));
    }
    Ok(())
}

impl Event {
    /// Checks every bound; the error names the field and the bound.
    pub fn validate(&self) -> Result<(), FieldError> {
        word("action", &self.action, ACTION_LEN_MAX)?;
        bounded("actor.id", self.actor.id.as_deref(), ID_LEN_MAX)?;
        bounded("actor.name", self.actor.name.as_deref(), NAME_LEN_MAX)?;
        bounded(
            "actor.on_behalf_of",
            self.actor.on_behalf_of.as_deref(),
            ID_LEN_MAX,
        )?;
        if let Some(target) = &self.target {
            word("target.kind", &target.kind, KIND_LEN_MAX)?;
            bounded("target.id", target.id.as_deref(), ID_LEN_MAX)?;
        }
        bounded("description", self.description.as_deref(), TEXT_LEN_MAX)?;
        bounded("user_agent", self.user_agent.as_deref(), TEXT_LEN_MAX)?;
        bounded("session_id", self.session_id.as_deref(), NAME_LEN_MAX)?;
        if let Some(aim) = &self.aim {
            bounded("aim.actor", aim.actor.as_deref(), NAME_LEN_MAX)?;
            bounded("aim.mission", aim.mission.as_deref(), TEXT_LEN_MAX)?;
        }
        if let Some(trace_id) = &self.trace_id
            && (json::from_hex::<16>(trace_id).is_none() || trace_id.bytes().all(|byte| byte == b'0'))
        {
            return Err(FieldError::new(
                "trace_id",
                "must be 32 lower-case hex digits, not all zero",
            ));
        }
        own_id::check("id", self.id)?;
        if self.occurred_at.is_some_and(|time| time < Timestamp::EPOCH) {
            return Err(FieldError::new(
                "occurred_at",
                format!("must not be before {}", Timestamp::EPOCH),
            ));
        }
        Ok(())
    }

    /// Checks the event and makes it ready; `id` is taken where the reporter brought none.
    pub fn prepare(self, id: Uuid, salt: Salt) -> Result<NewEntry, FieldError> {
        self.validate()?;
        let ip = self.ip.as_deref().map(parse_ip).transpose()?;
        let target_kind = self.target.as_ref().map(|target| target.kind.clone());
        let target = self.target.and_then(|target| target.id);
        let actor = self.actor.id.clone().or_else(|| self.actor.name.clone());
        let payload = Payload {
            actor: PayloadActor {
                id: self.actor.id,
                name: self.actor.name,
                on_behalf_of: self.actor.on_behalf_of,
            },
            aim: self.aim,
            changes: Vec::new(),
            description: self.description,
            details: self.details,
            drag_mode: self.drag_mode,
            ip: ip.clone(),
            occurred_at: self.occurred_at,
            session_id: self.session_id,
            target: PayloadTarget { id: target.clone() },
            trace_id: self.trace_id,
            user_agent: self.user_agent,
        };
        check_size("details", payload.details.as_ref())?;
        check_size(
            "aim.input",
            payload.aim.as_ref().and_then(|aim| aim.input.as_ref()),
        )?;
        let text = payload.to_text();
        Ok(NewEntry {
            id: self.id.unwrap_or(id),
            own_id: self.id.is_some(),
            occurred_at: self.occurred_at,
            actor_kind: self.actor.kind,
            actor,
            action: self.action,
            target_kind,
            target,
            outcome: self.outcome,
            ip,
            commitment: commitment::commit(&salt, text.as_bytes()),
            payload: text,
            salt,
            exported: Vec::new(),
        })
    }
}

fn parse_ip(text: &str) -> Result<String, FieldError> {
    let address: IpAddr = text
        .parse()
        .map_err(|_| FieldError::new("ip", "must be an IPv4 or IPv6 address, such as 203.0.113.7"))?;
    Ok(address.to_canonical().to_string())
}

/// As for every member that may be left out, null means the same.
fn success_unless_given<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Outcome, D::Error> {
    Option::deserialize(deserializer).map(Option::unwrap_or_default)
}

fn check_size(field: &str, object: Option<&StrictObject>) -> Result<(), FieldError> {
    let Some(object) = object else { return Ok(()) };
    let mut text = String::new();
    json::write_map(&object.0, &mut text);
    let mut size = text.len();
    if size > DETAILS_BYTES_MAX
        && field == "details"
        && let Some(imported) = object.0.get(IMPORTED)
    {
        let imported = json::canonical(imported).len();
        bound(&format!("details.{IMPORTED}"), imported)?;
        // Its name, quotes, colon and comma go with it.
        let alone = usize::from(object.0.len() == 1);
        size -= imported + IMPORTED.len() + 4 - alone;
    }
    bound(field, size)
}

fn bound(field: &str, size: usize) -> Result<(), FieldError> {
    if size > DETAILS_BYTES_MAX {
        let message = format!("is {size} bytes of JSON; at most {DETAILS_BYTES_MAX} are taken");
        return Err(FieldError::new(field, message));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(json: &str) -> Event {
        serde_json::from_str(json).unwrap()
    }

    fn minimal(extra: &str) -> Event {
        event(&format!(
            r#"{{"actor":{{"kind":"user"}},"action":"order.create"{extra}}}"#
        ))
    }

    #[test]
    fn bounds_at_their_edges() {
        let long = |n: usize| "x".repeat(n);
        let cases = [
            (format!(r#","description":"{}""#, long(10_000)), None),
            (
                format!(r#","description":"{}""#, long(10_001)),
                Some("description"),
            ),
            (r#","description":"""#.into(), Some("description")),
            (r#","description":"a\u0000b""#.into(), Some("description")),
            (format!(r#","user_agent":"{}""#, long(10_001)), Some("user_agent")),
            (format!(r#","session_id":"{}""#, "é".repeat(256)), None),
            (
                format!(r#","session_id":"{}""#, "é".repeat(257)),
                Some("session_id"),
            ),
            (format!(r#","target":{{"kind":"{}"}}"#, long(64)), None),
            (
                format!(r#","target":{{"kind":"{}"}}"#, long(65)),
                Some("target.kind"),
            ),
            (r#","target":{"kind":"a b"}"#.into(), Some("target.kind")),
            (
                format!(r#","target":{{"kind":"k","id":"{}"}}"#, long(1_024)),
                None,
            ),
            (
                format!(r#","target":{{"kind":"k","id":"{}"}}"#, long(1_025)),
                Some("target.id"),
            ),
            (r#","ip":"::ffff:203.0.113.7""#.into(), None),
            (r#","ip":"300.1.1.1""#.into(), Some("ip")),
            (r#","trace_id":"4bf92f3577b34da6a3ce929d0e0e4736""#.into(), None),
            (
                r#","trace_id":"00000000000000000000000000000000""#.into(),
                Some("trace_id"),
            ),
            (
                r#","trace_id":"4BF92F3577B34DA6A3CE929D0E0E4736""#.into(),
                Some("trace_id"),
            ),
            (r#","occurred_at":"1970-01-01T00:00:00Z""#.into(), None),
            (
                r#","occurred_at":"1969-12-31T23:59:59Z""#.into(),
                Some("occurred_at"),
            ),
            (
                r#","id":"00000000-0000-0000-0000-000000000000""#.into(),
                Some("id"),
            ),
            (
                format!(r#","details":{{"k":"{}"}}"#, long(DETAILS_BYTES_MAX - 8)),
                None,
            ),
            (
                format!(r#","details":{{"k":"{}"}}"#, long(DETAILS_BYTES_MAX - 7)),
                Some("details"),
            ),
            (
                format!(r#","aim":{{"mission":"{}"}}"#, long(10_001)),
                Some("aim.mission"),
            ),
        ];
        for (extra, expected) in cases {
            let result = minimal(&extra).prepare(Uuid::from_u128(1), Salt([0; 16]));
            let shown: String = extra.chars().take(60).collect();
            assert_eq!(
                result.err().map(|error| error.field).as_deref(),
                expected,
                "{shown}"
            );
        }
        for (action, good) in [
            ("a", true),
            ("", false),
            ("a b", false),
            (&long(128), true),
            (&long(129), false),
            ("ä", false),
        ] {
            let event = event(&format!(r#"{{"actor":{{"kind":"user"}},"action":"{action}"}}"#));
            assert_eq!(event.validate().is_ok(), good, "{action}");
        }
    }

    #[test]
    fn what_an_import_adds_counts_by_itself() {
        let long = |n: usize| "x".repeat(n);
        let cases = [
            (
                format!(
                    r#","details":{{"k":"{}","_imported":"{}"}}"#,
                    long(DETAILS_BYTES_MAX - 8),
                    long(DETAILS_BYTES_MAX - 2)
                ),
                None,
            ),
            (
                format!(
                    r#","details":{{"k":"{}","_imported":{{}}}}"#,
                    long(DETAILS_BYTES_MAX - 7)
                ),
                Some("details"),
            ),
            (
                format!(r#","details":{{"_imported":"{}"}}"#, long(DETAILS_BYTES_MAX - 1)),
                Some("details._imported"),
            ),
            (
                format!(
                    r#","aim":{{"input":{{"_imported":"{}"}}}}"#,
                    long(DETAILS_BYTES_MAX)
                ),
                Some("aim.input"),
            ),
        ];
        for (extra, expected) in cases {
            let result = minimal(&extra).prepare(Uuid::from_u128(1), Salt([0; 16]));
            assert_eq!(result.err().map(|error| error.field).as_deref(), expected);
        }
    }

    #[test]
    fn null_is_as_if_left_out() {
        let names = [
            "id",
            "occurred_at",
            "target",
            "outcome",
            "description",
            "details",
            "ip",
            "user_agent",
            "trace_id",
            "session_id",
            "aim",
            "drag_mode",
        ];
        for name in names {
            assert_eq!(minimal(&format!(r#","{name}":null"#)), minimal(""), "{name}");
        }
    }

    #[test]
    fn unknown_and_missing_members_are_refused() {
        for text in [
            r#"{"actor":{"kind":"user"},"action":"a","surprise":1}"#,
            r#"{"actor":{"kind":"user","role":"x"},"action":"a"}"#,
            r#"{"actor":{"kind":"robot"},"action":"a"}"#,
            r#"{"actor":{"kind":"user"}}"#,
            r#"{"action":"a"}"#,
            r#"{"actor":{"kind":"user"},"action":"a","details":[]}"#,
            r#"{"actor":{"kind":"user"},"action":"a","details":{"a":1,"a":2}}"#,
        ] {
            assert!(serde_json::from_str::<Event>(text).is_err(), "{text}");
        }
    }

    #[test]
    fn addresses_have_one_text_form() {
        let entry = minimal(r#","ip":"::ffff:203.0.113.7""#)
            .prepare(Uuid::from_u128(1), Salt([0; 16]))
            .unwrap();
        assert_eq!(entry.ip.as_deref(), Some("203.0.113.7"));
        assert_eq!(entry.payload, r#"{"ip":"203.0.113.7"}"#);
    }
}
