//! An entry as users see it: leaf and payload put together, with what is needed to take them apart again.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::commitment::{self, ChangeRecord, Salt};
use crate::gone::Gone;
use crate::json::{self, StrictObject};
use crate::leaf::{Leaf, LeafError, Outcome, RecordedBy};
use crate::payload::{ActorKind, Aim, DragMode, Payload, PayloadActor, PayloadTarget, RowImages};
#[cfg(feature = "schema")]
use crate::payload::{ID_LEN_MAX, KIND_LEN_MAX, NAME_LEN_MAX, WORD};
use crate::time::{self, Timestamp};
use crate::wire;

/// Who acted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Actor {
    /// What kind of actor.
    pub kind: ActorKind,
    /// Identifies the actor among its kind.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = ID_LEN_MAX)))]
    pub id: Option<String>,
    /// A name for people.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = NAME_LEN_MAX)))]
    pub name: Option<String>,
    /// For whom the actor acted.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = ID_LEN_MAX)))]
    pub on_behalf_of: Option<String>,
}

/// What was acted on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Target {
    /// What kind of thing.
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = KIND_LEN_MAX), regex(pattern = WORD)))]
    pub kind: String,
    /// Identifies it among its kind.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = ID_LEN_MAX)))]
    pub id: Option<String>,
}

/// A row that the entry changed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(!deny_unknown_fields))]
pub struct Change {
    /// The row's table.
    pub table: String,
    /// The row's id.
    #[serde(deserialize_with = "wire::id")]
    pub id: Uuid,
    /// The row's version after the change.
    pub version: u64,
    /// Digest of the row after the change; none where it was deleted.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub digest: Option<String>,
    /// The row before, without secrets; none when it was made, or erased.
    #[serde(
        skip_serializing_if = "Option::is_none",
        default,
        deserialize_with = "json::unique_members"
    )]
    pub before: Option<Map<String, Value>>,
    /// The row after, without secrets; none when it was deleted, or erased.
    #[serde(
        skip_serializing_if = "Option::is_none",
        default,
        deserialize_with = "json::unique_members"
    )]
    pub after: Option<Map<String, Value>>,
}

/// The bytes that the Merkle tree holds for the entry, and the salt that opens its payload.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(inline, !deny_unknown_fields))]
pub struct EntryEvidence {
    /// The leaf, byte for byte.
    pub leaf: String,
    /// The payload's salt in hex; none once the payload is erased or pruned.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub salt: Option<String>,
}

/// An entry of the audit log. With a receipt it can be checked offline, by `probity-verify`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(!deny_unknown_fields))]
pub struct Entry {
    /// Id: a UUID, made by Probity or brought by the recorder.
    #[serde(deserialize_with = "wire::id")]
    pub id: Uuid,
    /// Position in the log, counted from 0.
    pub index: u64,
    /// When it was recorded, by the server's clock.
    #[serde(deserialize_with = "time::exact")]
    pub at: Timestamp,
    /// When it happened, by the recorder's clock.
    #[serde(
        skip_serializing_if = "Option::is_none",
        default,
        deserialize_with = "time::exact_option"
    )]
    pub occurred_at: Option<Timestamp>,
    /// The credential that recorded it.
    pub recorded_by: RecordedBy,
    /// Who acted.
    pub actor: Actor,
    /// The verb.
    pub action: String,
    /// What was acted on.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub target: Option<Target>,
    /// How it ended.
    pub outcome: Outcome,
    /// Which role and permission allowed or refused it.
    pub authority: String,
    /// A sentence for people.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub description: Option<String>,
    /// Whatever else the recorder kept.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub details: Option<StrictObject>,
    /// Rows that it changed.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub changes: Vec<Change>,
    /// Network address.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub ip: Option<String>,
    /// The actor's program.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub user_agent: Option<String>,
    /// W3C trace id.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub trace_id: Option<String>,
    /// The actor's session.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub session_id: Option<String>,
    /// AIM context.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub aim: Option<Aim>,
    /// DRAG mode.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub drag_mode: Option<DragMode>,
    /// Present once the payload was erased.
    #[cfg_attr(feature = "schema", schemars(extend("const" = true)))]
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub erased: bool,
    /// Index of the entry that erased it, where the log says so.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub erased_by: Option<u64>,
    /// Present once the payload was pruned: it was past the time for which such entries are kept.
    #[cfg_attr(feature = "schema", schemars(extend("const" = true)))]
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub pruned: bool,
    /// Present where the log was changed by hand: what is wrong with this entry. Its details may be missing, or others than
    /// those that were recorded.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub tampered: Option<String>,
    /// What the tree holds.
    pub evidence: EntryEvidence,
}

/// What the log that an entry comes from holds of it, beside the words of its leaf.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recorded {
    /// The actor's id where Probity made it.
    pub actor_id: Option<Uuid>,
    /// The target's id where Probity made it.
    pub target_id: Option<Uuid>,
    /// Canonical payload; none once erased.
    pub payload: Option<String>,
}

/// How an entry's parts fail to fit together.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EntryError {
    /// The leaf does not read.
    #[error("leaf: {0}")]
    Leaf(#[from] LeafError),
    /// A stored part does not read.
    #[error("{part}: {reason}")]
    Part {
        /// Which part: `payload`, `changes` or `salt`.
        part: &'static str,
        /// Why.
        reason: String,
    },
    /// A member shown beside the leaf says something else than the leaf.
    #[error("{0} differs from what the leaf says")]
    Differs(&'static str),
    /// The payload is not what the leaf commits to.
    #[error("the payload is not the one that the leaf commits to")]
    Payload,
    /// The log that it comes from says that it was changed by hand.
    #[error("the log that it comes from says that it was changed by hand: {0}")]
    Tampered(String),
    /// The list of changes is not what the leaf commits to.
    #[error("the list of changes is not the one that the leaf commits to")]
    Changes,
}

impl Entry {
    /// Puts an entry together from its stored parts; `payload` and `salt` are absent once erased. A payload or a list of
    /// changes that does not read is left out, and the entry says so.
    pub fn assemble(
        index: u64,
        leaf_text: String,
        payload: Option<&str>,
        salt: Option<Salt>,
        changes: Option<&str>,
    ) -> Result<Entry, EntryError> {
        let leaf = Leaf::parse_lenient(&leaf_text)?;
        let erased = payload.is_none();
        let mut tampered = None;
        let payload = unless_damaged("payload", payload.map(Payload::parse), &mut tampered);
        let records = unless_damaged("changes", changes.map(commitment::parse_changes), &mut tampered);
        if erased == salt.is_some() {
            tampered.get_or_insert_with(|| Gone::HALF.to_owned());
        }
        let mut images = payload.changes.into_iter();
        let changes = records
            .into_iter()
            .map(|record| join_change(record, images.next().unwrap_or_default()))
            .collect();
        let ours_or = |ours: Option<Uuid>, outside: Option<String>| ours.map(|id| id.to_string()).or(outside);
        Ok(Entry {
            id: leaf.id,
            index,
            at: leaf.at,
            occurred_at: payload.occurred_at,
            recorded_by: leaf.recorded_by,
            actor: Actor {
                kind: leaf.actor_kind,
                id: ours_or(leaf.actor_id, payload.actor.id),
                name: payload.actor.name,
                on_behalf_of: payload.actor.on_behalf_of,
            },
            action: leaf.action.to_string(),
            target: leaf.target_kind.as_deref().map(|kind| Target {
                kind: kind.to_owned(),
                id: ours_or(leaf.target_id, payload.target.id),
            }),
            outcome: leaf.outcome,
            authority: leaf.authority.to_string(),
            description: payload.description,
            details: payload.details,
            changes,
            ip: payload.ip,
            user_agent: payload.user_agent,
            trace_id: payload.trace_id,
            session_id: payload.session_id,
            aim: payload.aim,
            drag_mode: payload.drag_mode,
            erased,
            erased_by: None,
            pruned: false,
            tampered,
            evidence: EntryEvidence {
                leaf: leaf_text,
                salt: salt.map(Salt::to_hex),
            },
        })
    }

    /// The same entry, whose payload is absent for this reason.
    #[must_use]
    pub fn gone(mut self, gone: Gone) -> Entry {
        if !self.is_gone() {
            return self;
        }
        (self.erased, self.pruned) = (matches!(gone, Gone::Erased(_)), gone == Gone::Pruned);
        match gone {
            Gone::Erased(by) => self.erased_by = by,
            Gone::Pruned => {}
            Gone::ByHand => self.tampered = Some(Gone::BY_HAND.to_owned()),
        }
        self
    }

    /// Whether it has no payload any more: it was erased or pruned.
    pub fn is_gone(&self) -> bool {
        self.erased || self.pruned
    }

    /// Checks that everything shown is what the leaf says or commits to.
    ///
    /// The index is not part of the leaf: whether the leaf is in the log, and where, a receipt answers. That the
    /// payload of an entry marked as erased or pruned is gone in the log too is only claimed: whoever passes an entry on
    /// may leave the payload out. Nothing of it can be changed or added.
    pub fn check(&self) -> Result<(), EntryError> {
        let leaf = Leaf::parse(&self.evidence.leaf)?;
        let text_is = |shown: Option<&String>, ours: Option<Uuid>| {
            ours.is_none_or(|id| shown.is_some_and(|shown| *shown == id.to_string()))
        };
        let facts = [
            ("id", self.id == leaf.id),
            ("at", self.at == leaf.at),
            ("recorded_by", self.recorded_by == leaf.recorded_by),
            ("actor.kind", self.actor.kind == leaf.actor_kind),
            ("actor.id", text_is(self.actor.id.as_ref(), leaf.actor_id)),
            ("action", self.action == leaf.action),
            (
                "target.kind",
                self.target.as_ref().map(|target| target.kind.as_str()) == leaf.target_kind.as_deref(),
            ),
            (
                "target.id",
                text_is(
                    self.target.as_ref().and_then(|target| target.id.as_ref()),
                    leaf.target_id,
                ),
            ),
            ("outcome", self.outcome == leaf.outcome),
            ("authority", self.authority == leaf.authority),
            // What is gone went once.
            ("pruned", !(self.pruned && self.erased)),
            ("erased_by", self.erased || self.erased_by.is_none()),
        ];
        if let Some((member, _)) = facts.iter().find(|(_, agrees)| !agrees) {
            return Err(EntryError::Differs(member));
        }
        self.check_changes(&leaf)?;
        self.check_payload(&leaf)
    }

    /// What the log that the entry comes from holds of it; an error where it is not as that log wrote it.
    pub fn recorded(&self) -> Result<Recorded, EntryError> {
        self.check()?;
        let leaf = Leaf::parse(&self.evidence.leaf)?;
        let payload = (!self.is_gone()).then(|| self.payload(&leaf).to_text());
        Ok(Recorded {
            actor_id: leaf.actor_id,
            target_id: leaf.target_id,
            payload,
        })
    }

    fn check_changes(&self, leaf: &Leaf<'_>) -> Result<(), EntryError> {
        let records: Vec<ChangeRecord> = self
            .changes
            .iter()
            .map(|change| ChangeRecord {
                digest: change.digest.clone(),
                id: change.id,
                table: change.table.clone(),
                version: change.version,
            })
            .collect();
        let digest =
            (!records.is_empty()).then(|| commitment::changes_digest(&commitment::changes_text(&records)));
        if digest == leaf.changes {
            Ok(())
        } else {
            Err(EntryError::Changes)
        }
    }

    fn check_payload(&self, leaf: &Leaf<'_>) -> Result<(), EntryError> {
        if let Some(what) = &self.tampered {
            return Err(EntryError::Tampered(what.clone()));
        }
        let payload = self.payload(leaf);
        let Some(salt) = &self.evidence.salt else {
            // Without a salt nothing of the payload may be shown: nothing binds it.
            let empty = self.is_gone()
                && payload
                    == Payload {
                        changes: payload.changes.clone(),
                        ..Payload::default()
                    };
            let no_images = payload
                .changes
                .iter()
                .all(|images| *images == RowImages::default());
            return if empty && no_images {
                Ok(())
            } else {
                Err(EntryError::Payload)
            };
        };
        let salt = Salt::from_hex(salt).ok_or_else(|| EntryError::Part {
            part: "salt",
            reason: "not 32 lower-case hex digits".into(),
        })?;
        if !self.is_gone() && commitment::commit(&salt, payload.to_text().as_bytes()) == leaf.payload {
            Ok(())
        } else {
            Err(EntryError::Payload)
        }
    }

    /// The payload, taken out of what is shown.
    fn payload(&self, leaf: &Leaf<'_>) -> Payload {
        let outside =
            |ours: Option<Uuid>, shown: Option<&String>| if ours.is_some() { None } else { shown.cloned() };
        let target_id = self.target.as_ref().and_then(|target| target.id.as_ref());
        Payload {
            actor: PayloadActor {
                id: outside(leaf.actor_id, self.actor.id.as_ref()),
                name: self.actor.name.clone(),
                on_behalf_of: self.actor.on_behalf_of.clone(),
            },
            aim: self.aim.clone(),
            changes: self
                .changes
                .iter()
                .map(|change| RowImages {
                    before: change.before.clone(),
                    after: change.after.clone(),
                })
                .collect(),
            description: self.description.clone(),
            details: self.details.clone(),
            drag_mode: self.drag_mode,
            ip: self.ip.clone(),
            occurred_at: self.occurred_at,
            session_id: self.session_id.clone(),
            target: PayloadTarget {
                id: outside(leaf.target_id, target_id),
            },
            trace_id: self.trace_id.clone(),
            user_agent: self.user_agent.clone(),
        }
    }
}

/// A stored part, where it reads; else nothing of it, and what is said of that.
fn unless_damaged<T: Default>(
    part: &str,
    read: Option<Result<T, serde_json::Error>>,
    tampered: &mut Option<String>,
) -> T {
    match read {
        None => T::default(),
        Some(Ok(read)) => read,
        Some(Err(error)) => {
            tampered.get_or_insert_with(|| format!("{part}: {error}"));
            T::default()
        }
    }
}

fn join_change(record: ChangeRecord, images: RowImages) -> Change {
    Change {
        table: record.table,
        id: record.id,
        version: record.version,
        digest: record.digest,
        before: images.before,
        after: images.after,
    }
}

/// Reads an entry from JSON text; the error names the member.
pub fn parse(text: &str) -> Result<Entry, serde_json::Error> {
    serde_json::from_str(text)
}

/// JSON of an entry on one line, as the export writes it.
pub fn to_line(entry: &Entry) -> Result<String, serde_json::Error> {
    serde_json::to_string(entry)
}

/// The members of `details` in canonical form, for showing.
pub fn details_text(entry: &Entry) -> Option<String> {
    entry.details.as_ref().map(|details| {
        let mut out = String::new();
        json::write_map(&details.0, &mut out);
        out
    })
}
