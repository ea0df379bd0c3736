//! An entry that is already in the log, as far as a decision needs it.

use evidence::leaf::RecordedBy;
use evidence::payload::Payload;
use evidence::{ActorKind, Outcome};
use uuid::Uuid;

use crate::audit::event::NewEntry;
use crate::recorded::{Place, Recorded};

/// A recorded entry.
#[derive(Clone, Debug, PartialEq)]
pub struct KnownEntry {
    /// Its id.
    pub id: Uuid,
    /// Its place; none for an entry of the batch being decided.
    pub place: Option<Place>,
    /// The credential that recorded it.
    pub recorded_by: RecordedBy,
    /// What kind of actor acted.
    pub actor_kind: ActorKind,
    /// The actor's id where Probity made it.
    pub actor_id: Option<Uuid>,
    /// The target's id where Probity made it.
    pub target_id: Option<Uuid>,
    /// The verb.
    pub action: String,
    /// What kind of thing was acted on.
    pub target_kind: Option<String>,
    /// How it ended.
    pub outcome: Outcome,
    /// Canonical payload; none once erased.
    pub payload: Option<String>,
}

impl KnownEntry {
    /// What will be known of a new entry once it is recorded.
    pub fn pending(entry: &NewEntry, recorded_by: RecordedBy) -> KnownEntry {
        KnownEntry {
            id: entry.id,
            place: None,
            recorded_by,
            actor_kind: entry.actor_kind,
            actor_id: None,
            target_id: None,
            action: entry.action.clone(),
            target_kind: entry.target_kind.clone(),
            outcome: entry.outcome,
            payload: Some(entry.payload.clone()),
        }
    }

    /// As the answer to whoever sends again what it records.
    pub fn again(&self) -> Recorded {
        Recorded {
            id: self.id,
            place: self.place,
            replayed: true,
        }
    }

    /// The first field in which a new entry of the same id says something else.
    ///
    /// Once the payload is erased, only what the leaf holds can be compared.
    pub fn difference(&self, new: &NewEntry) -> Option<&'static str> {
        let leaf = [
            ("actor.kind", self.actor_kind == new.actor_kind),
            ("action", self.action == new.action),
            ("target.kind", self.target_kind == new.target_kind),
            ("outcome", self.outcome == new.outcome),
        ];
        if let Some((field, _)) = leaf.into_iter().find(|(_, same)| !same) {
            return Some(field);
        }
        let recorded = self.payload.as_ref()?;
        if *recorded == new.payload || self.was_exported_as(recorded, new) {
            return None;
        }
        Some(payload_difference(recorded, &new.payload))
    }

    /// Whether the new entry is this one, exported and come back. An export after an erasure has no payload to compare.
    fn was_exported_as(&self, recorded: &str, new: &NewEntry) -> bool {
        new.exported.iter().any(|exported| match &exported.payload {
            Some(payload) => {
                payload == recorded
                    && (exported.actor_id, exported.target_id) == (self.actor_id, self.target_id)
            }
            None => true,
        })
    }
}

fn payload_difference(recorded: &str, new: &str) -> &'static str {
    let (Ok(a), Ok(b)) = (Payload::parse(recorded), Payload::parse(new)) else {
        return "payload";
    };
    let fields = [
        ("actor.id", a.actor.id == b.actor.id),
        ("actor.name", a.actor.name == b.actor.name),
        ("actor.on_behalf_of", a.actor.on_behalf_of == b.actor.on_behalf_of),
        ("target.id", a.target.id == b.target.id),
        ("occurred_at", a.occurred_at == b.occurred_at),
        ("description", a.description == b.description),
        ("details", a.details == b.details),
        ("ip", a.ip == b.ip),
        ("user_agent", a.user_agent == b.user_agent),
        ("trace_id", a.trace_id == b.trace_id),
        ("session_id", a.session_id == b.session_id),
        ("aim", a.aim == b.aim),
        ("drag_mode", a.drag_mode == b.drag_mode),
    ];
    fields
        .into_iter()
        .find(|(_, same)| !same)
        .map_or("payload", |(field, _)| field)
}
