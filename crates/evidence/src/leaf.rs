//! The leaf: what the Merkle tree hashes for each entry, kept for ever, byte for byte.
//!
//! A leaf is canonical JSON (RFC 8785). It holds ids that Probity made, times, verbs and salted commitments,
//! and nothing personal: a name, an address or an id from outside belongs to the [payload](crate::payload).

use crate::spelt::spelt;
use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::json::{self, ObjectWriter};
use crate::payload::ActorKind;
use crate::time::Timestamp;
use crate::wire;

/// Format version of a leaf, its member `v`.
pub const VERSION: u64 = 1;

/// How what the entry tells of ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Outcome {
    /// It was done.
    #[default]
    Success,
    /// A rule said no; nothing was changed.
    Refused,
    /// It was tried and went wrong.
    Failed,
}

spelt! { Outcome { Success = "success", Refused = "refused", Failed = "failed" } }

/// What kind of credential recorded an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(inline))]
pub enum RecorderKind {
    /// An API key.
    ApiKey,
    /// A login session.
    Session,
    /// A person or script with access to the server's own machine and data folder.
    Operator,
    /// Probity itself: set-up and timers.
    System,
}

spelt! { RecorderKind { ApiKey = "api_key", Session = "session", Operator = "operator", System = "system" } }

/// The credential that Probity authenticated for an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(inline, !deny_unknown_fields))]
pub struct RecordedBy {
    /// What kind of credential.
    pub kind: RecorderKind,
    /// Its id, for a credential that has a row of its own.
    #[serde(
        skip_serializing_if = "Option::is_none",
        default,
        deserialize_with = "wire::id_option"
    )]
    pub id: Option<Uuid>,
}

/// The contents of a leaf.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leaf<'a> {
    /// Id of the entry.
    pub id: Uuid,
    /// When it was recorded, by the server's clock, never earlier than the entry before it.
    pub at: Timestamp,
    /// Who recorded it.
    pub recorded_by: RecordedBy,
    /// What kind of actor acted.
    pub actor_kind: ActorKind,
    /// The actor's id where Probity made it.
    pub actor_id: Option<Uuid>,
    /// The verb.
    pub action: Cow<'a, str>,
    /// What kind of thing was acted on.
    pub target_kind: Option<Cow<'a, str>>,
    /// The target's id where Probity made it.
    pub target_id: Option<Uuid>,
    /// How it ended.
    pub outcome: Outcome,
    /// Which role and permission allowed or refused it.
    pub authority: Cow<'a, str>,
    /// Commitment to the payload.
    pub payload: [u8; 32],
    /// Commitment to the list of row changes, when there are any.
    pub changes: Option<[u8; 32]>,
}

/// Bytes that are not a leaf.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LeafError {
    /// Not JSON of the right members.
    #[error("not a leaf: {0}")]
    Syntax(String),
    /// A version that this program does not know.
    #[error("leaf version {0} is not known to this program")]
    Version(u64),
    /// The same contents in canonical form are other bytes.
    #[error("not in canonical form (RFC 8785)")]
    NotCanonical,
}

impl Leaf<'_> {
    /// Appends the canonical bytes.
    pub fn write(&self, out: &mut String) {
        let mut object = ObjectWriter::new(out);
        object.string("action", &self.action);
        write_reference(object.key("actor"), self.actor_kind.as_str(), self.actor_id);
        write_time(object.key("at"), self.at);
        object.string("authority", &self.authority);
        if let Some(changes) = &self.changes {
            write_digest(object.key("changes"), changes);
        }
        write_uuid(object.key("id"), self.id);
        object.string("outcome", self.outcome.as_str());
        write_digest(object.key("payload"), &self.payload);
        write_reference(
            object.key("recorded_by"),
            self.recorded_by.kind.as_str(),
            self.recorded_by.id,
        );
        if let Some(kind) = &self.target_kind {
            write_reference(object.key("target"), kind, self.target_id);
        }
        object.key("v").push('1');
        object.end();
    }

    /// The canonical bytes.
    pub fn to_text(&self) -> String {
        let mut out = String::with_capacity(512);
        self.write(&mut out);
        out
    }
}

impl<'a> Leaf<'a> {
    /// Reads a leaf; refuses anything but the canonical form of a known version.
    pub fn parse(text: &'a str) -> Result<Leaf<'a>, LeafError> {
        let leaf = Leaf::parse_lenient(text)?;
        if leaf.to_text() == text {
            Ok(leaf)
        } else {
            Err(LeafError::NotCanonical)
        }
    }

    /// Reads a leaf without the check for canonical form, for a caller that compares the bytes itself.
    pub fn parse_lenient(text: &'a str) -> Result<Leaf<'a>, LeafError> {
        let wire: Wire<'a> =
            serde_json::from_str(text).map_err(|error| LeafError::Syntax(error.to_string()))?;
        if wire.v != VERSION {
            return Err(LeafError::Version(wire.v));
        }
        let digest = |text: &str| {
            json::from_hex::<32>(text)
                .ok_or_else(|| LeafError::Syntax("a digest is not 64 lower-case hex digits".into()))
        };
        let (target_kind, target_id) = wire.target.map_or((None, None), |t| (Some(t.kind), t.id));
        Ok(Leaf {
            id: wire.id,
            at: wire.at,
            recorded_by: wire.recorded_by,
            actor_kind: wire.actor.kind,
            actor_id: wire.actor.id,
            action: wire.action,
            target_kind,
            target_id,
            outcome: wire.outcome,
            authority: wire.authority,
            payload: digest(&wire.payload)?,
            changes: wire.changes.as_deref().map(digest).transpose()?,
        })
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wire<'a> {
    #[serde(borrow)]
    action: Cow<'a, str>,
    actor: WireActor,
    at: Timestamp,
    #[serde(borrow)]
    authority: Cow<'a, str>,
    #[serde(borrow)]
    changes: Option<Cow<'a, str>>,
    id: Uuid,
    outcome: Outcome,
    #[serde(borrow)]
    payload: Cow<'a, str>,
    recorded_by: RecordedBy,
    #[serde(borrow)]
    target: Option<WireTarget<'a>>,
    v: u64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WireActor {
    kind: ActorKind,
    id: Option<Uuid>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WireTarget<'a> {
    #[serde(borrow)]
    kind: Cow<'a, str>,
    id: Option<Uuid>,
}

fn write_reference(out: &mut String, kind: &str, id: Option<Uuid>) {
    let mut object = ObjectWriter::new(out);
    if let Some(id) = id {
        write_uuid(object.key("id"), id);
    }
    object.string("kind", kind);
    object.end();
}

fn write_uuid(out: &mut String, id: Uuid) {
    let mut buffer = [0; uuid::fmt::Hyphenated::LENGTH];
    out.push('"');
    out.push_str(id.hyphenated().encode_lower(&mut buffer));
    out.push('"');
}

fn write_time(out: &mut String, time: Timestamp) {
    out.push('"');
    time.write(out);
    out.push('"');
}

fn write_digest(out: &mut String, digest: &[u8; 32]) {
    out.push('"');
    json::write_hex(digest, out);
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Leaf<'static> {
        Leaf {
            id: Uuid::from_u128(0x0197_0000_0000_7000_8000_0000_0000_0001),
            at: "2026-11-21T08:30:00.123456Z".parse().unwrap(),
            recorded_by: RecordedBy {
                kind: RecorderKind::ApiKey,
                id: Some(Uuid::from_u128(7)),
            },
            actor_kind: ActorKind::User,
            actor_id: None,
            action: "order.update".into(),
            target_kind: Some("order".into()),
            target_id: None,
            outcome: Outcome::Success,
            authority: "role:admin audit:write".into(),
            payload: [0xab; 32],
            changes: None,
        }
    }

    #[test]
    fn canonical_bytes() {
        let text = sample().to_text();
        let expected = format!(
            r#"{{"action":"order.update","actor":{{"kind":"user"}},"at":"2026-11-21T08:30:00.123456Z","authority":"role:admin audit:write","id":"01970000-0000-7000-8000-000000000001","outcome":"success","payload":"{}","recorded_by":{{"id":"00000000-0000-0000-0000-000000000007","kind":"api_key"}},"target":{{"kind":"order"}},"v":1}}"#,
            "ab".repeat(32)
        );
        assert_eq!(text, expected);
        let value: json::Strict = serde_json::from_str(&text).unwrap();
        assert_eq!(
            json::canonical(&value.0),
            text,
            "the writer's order is RFC 8785's"
        );
        assert_eq!(Leaf::parse(&text).unwrap(), sample());
    }

    #[test]
    fn with_every_member() {
        let leaf = Leaf {
            actor_id: Some(Uuid::from_u128(1)),
            target_id: Some(Uuid::from_u128(2)),
            changes: Some([1; 32]),
            ..sample()
        };
        let text = leaf.to_text();
        let value: json::Strict = serde_json::from_str(&text).unwrap();
        assert_eq!(json::canonical(&value.0), text);
        assert_eq!(Leaf::parse(&text).unwrap(), leaf);
    }

    #[test]
    fn refused() {
        let text = sample().to_text();
        assert_eq!(
            Leaf::parse(&text.replace("\"v\":1", "\"v\":2")),
            Err(LeafError::Version(2))
        );
        assert_eq!(
            Leaf::parse(&text.replace("\"v\":1", " \"v\":1")),
            Err(LeafError::NotCanonical)
        );
        assert!(matches!(
            Leaf::parse(&text.replace("\"v\":1", "\"v\":1,\"x\":1")),
            Err(LeafError::Syntax(_))
        ));
        assert!(matches!(
            Leaf::parse(&text.replace("abab", "ABAB")),
            Err(LeafError::Syntax(_))
        ));
        assert!(matches!(Leaf::parse("{}"), Err(LeafError::Syntax(_))));
    }
}
