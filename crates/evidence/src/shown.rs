//! An entry as JSON, straight from its stored parts: the bytes of [`Entry::assemble`](crate::Entry::assemble) and
//! [`to_line`](crate::entry::to_line), without taking apart what only passes through.
//!
//! Lists and exports show what the log holds. What an entry keeps of others, its details and texts, is canonical JSON
//! already, and most of an entry: reading it into values and writing these again took longer than the database.

use serde::ser::{Error as _, Serializer};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;
use uuid::Uuid;

use crate::commitment::{self, Salt};
use crate::entry::EntryError;
use crate::gone::Gone;
use crate::leaf::{Leaf, Outcome, RecordedBy};
use crate::payload::ActorKind;
use crate::time::Timestamp;

/// A value as it stands in canonical JSON, where it begins so.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(try_from = "&RawValue")]
struct Raw<'a, const FIRST: char>(#[serde(borrow)] &'a RawValue);

/// A string.
type Text<'a> = Raw<'a, '"'>;

/// An object.
type Object<'a> = Raw<'a, '{'>;

impl<'a, const FIRST: char> TryFrom<&'a RawValue> for Raw<'a, FIRST> {
    type Error = String;
    fn try_from(raw: &'a RawValue) -> Result<Self, Self::Error> {
        if raw.get().starts_with(FIRST) {
            Ok(Raw(raw))
        } else {
            Err(format!("expected a value that begins with {FIRST}"))
        }
    }
}

impl<const FIRST: char> Serialize for Raw<'_, FIRST> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if FIRST == '"' || is_plain(self.0.get()) {
            return self.0.serialize(serializer);
        }
        let value: Value = serde_json::from_str(self.0.get()).map_err(S::Error::custom)?;
        value.serialize(serializer)
    }
}

/// Longest run of digits that is surely a whole number of 64 bits.
const DIGITS_MAX: u8 = 18;

/// Whether canonical JSON is what `serde_json` writes of the same value. They may differ in numbers that are not whole or
/// beyond 64 bits, and in the order of keys that UTF-16 sorts otherwise: those with characters of four bytes.
fn is_plain(canonical: &str) -> bool {
    let (mut in_string, mut escaped, mut digits) = (false, false, 0);
    canonical.bytes().all(|byte| {
        if in_string {
            (escaped, in_string) = (byte == b'\\' && !escaped, byte != b'"' || escaped);
            return byte < 0xF0;
        }
        in_string = byte == b'"';
        digits = if byte.is_ascii_digit() { digits + 1 } else { 0 };
        byte != b'.' && byte != b'+' && digits <= DIGITS_MAX
    })
}

/// The payload's members, as they stand there.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Payload<'a> {
    #[serde(borrow)]
    actor: Actor<'a>,
    aim: Option<Object<'a>>,
    changes: Vec<Images<'a>>,
    description: Option<Text<'a>>,
    details: Option<Object<'a>>,
    drag_mode: Option<Text<'a>>,
    ip: Option<Text<'a>>,
    occurred_at: Option<Text<'a>>,
    session_id: Option<Text<'a>>,
    target: Target<'a>,
    trace_id: Option<Text<'a>>,
    user_agent: Option<Text<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Actor<'a> {
    #[serde(borrow)]
    id: Option<Text<'a>>,
    name: Option<Text<'a>>,
    on_behalf_of: Option<Text<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Target<'a> {
    #[serde(borrow)]
    id: Option<Text<'a>>,
}

#[derive(Clone, Copy, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Images<'a> {
    #[serde(borrow)]
    before: Option<Object<'a>>,
    after: Option<Object<'a>>,
}

/// An id that Probity made, or one from outside.
#[derive(Clone, Copy, Serialize)]
#[serde(untagged)]
enum Id<'a> {
    Ours(Uuid),
    Outside(Text<'a>),
}

impl<'a> Id<'a> {
    fn of(ours: Option<Uuid>, outside: Option<Text<'a>>) -> Option<Id<'a>> {
        ours.map(Id::Ours).or(outside.map(Id::Outside))
    }
}

/// The members of [`Entry`](crate::Entry) in their order.
#[derive(Serialize)]
struct Shown<'a> {
    id: Uuid,
    index: u64,
    at: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    occurred_at: Option<Text<'a>>,
    recorded_by: RecordedBy,
    actor: ShownActor<'a>,
    action: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    target: Option<ShownTarget<'a>>,
    outcome: Outcome,
    authority: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<Text<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    details: Option<Object<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    changes: Vec<ShownChange<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ip: Option<Text<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_agent: Option<Text<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    trace_id: Option<Text<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    session_id: Option<Text<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    aim: Option<Object<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    drag_mode: Option<Text<'a>>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    erased: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    erased_by: Option<u64>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pruned: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    tampered: Option<&'static str>,
    evidence: ShownEvidence<'a>,
}

#[derive(Serialize)]
struct ShownActor<'a> {
    kind: ActorKind,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<Id<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<Text<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    on_behalf_of: Option<Text<'a>>,
}

#[derive(Serialize)]
struct ShownTarget<'a> {
    kind: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<Id<'a>>,
}

#[derive(Serialize)]
struct ShownChange<'a> {
    table: &'a str,
    id: Uuid,
    version: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    digest: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    before: Option<Object<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    after: Option<Object<'a>>,
}

#[derive(Serialize)]
struct ShownEvidence<'a> {
    leaf: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    salt: Option<String>,
}

/// The parts of an entry as they are stored; payload and salt are absent once erased or pruned. In JSON they are the entry.
#[derive(Clone, Copy, Debug)]
pub struct Parts<'a> {
    /// Position in the log.
    pub index: u64,
    /// The leaf, byte for byte.
    pub leaf: &'a str,
    /// Canonical payload.
    pub payload: Option<&'a str>,
    /// The payload's salt.
    pub salt: Option<Salt>,
    /// Canonical list of changes.
    pub changes: Option<&'a str>,
    /// Why the payload is absent, where it is.
    pub gone: Gone,
}

impl Serialize for Parts<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let index = self.index;
        let error = |error: EntryError| S::Error::custom(format_args!("entry {index}: {error}"));
        show(*self, serializer).map_err(error)?
    }
}

/// Gives the entry of these parts to a serializer; the outer error is about the parts.
fn show<S: Serializer>(parts: Parts<'_>, serializer: S) -> Result<Result<S::Ok, S::Error>, EntryError> {
    let part = |part, error: serde_json::Error| EntryError::Part {
        part,
        reason: error.to_string(),
    };
    let leaf = Leaf::parse_lenient(parts.leaf)?;
    if parts.payload.is_some() != parts.salt.is_some() {
        return Err(EntryError::Tampered(Gone::HALF.to_owned()));
    }
    let payload: Payload<'_> = parts
        .payload
        .map_or(Ok(Payload::default()), serde_json::from_str)
        .map_err(|error| part("payload", error))?;
    let records = parts
        .changes
        .map_or(Ok(Vec::new()), commitment::parse_changes)
        .map_err(|error| part("changes", error))?;
    let gone = parts.payload.is_none().then_some(parts.gone);
    let mut images = payload.changes.iter();
    let changes = records.iter().map(|record| {
        let Images { before, after } = images.next().copied().unwrap_or_default();
        ShownChange {
            table: &record.table,
            id: record.id,
            version: record.version,
            digest: record.digest.as_deref(),
            before,
            after,
        }
    });
    let shown = Shown {
        id: leaf.id,
        index: parts.index,
        at: leaf.at,
        occurred_at: payload.occurred_at,
        recorded_by: leaf.recorded_by,
        actor: ShownActor {
            kind: leaf.actor_kind,
            id: Id::of(leaf.actor_id, payload.actor.id),
            name: payload.actor.name,
            on_behalf_of: payload.actor.on_behalf_of,
        },
        action: &leaf.action,
        target: leaf.target_kind.as_deref().map(|kind| ShownTarget {
            kind,
            id: Id::of(leaf.target_id, payload.target.id),
        }),
        outcome: leaf.outcome,
        authority: &leaf.authority,
        description: payload.description,
        details: payload.details,
        changes: changes.collect(),
        ip: payload.ip,
        user_agent: payload.user_agent,
        trace_id: payload.trace_id,
        session_id: payload.session_id,
        aim: payload.aim,
        drag_mode: payload.drag_mode,
        erased: matches!(gone, Some(Gone::Erased(_))),
        erased_by: gone.and_then(|gone| match gone {
            Gone::Erased(by) => by,
            Gone::Pruned | Gone::ByHand => None,
        }),
        pruned: gone == Some(Gone::Pruned),
        tampered: (gone == Some(Gone::ByHand)).then_some(Gone::BY_HAND),
        evidence: ShownEvidence {
            leaf: parts.leaf,
            salt: parts.salt.map(Salt::to_hex),
        },
    };
    Ok(shown.serialize(serializer))
}
