//! The activity feed: entries as people read them.

use evidence::entry::{Actor, Entry, Target};
use evidence::json::StrictObject;
use evidence::leaf::Outcome;
use evidence::payload::ActorKind;
use evidence::time::Timestamp;
use serde::Deserialize;
use uuid::Uuid;

use crate::audit::event::Event;
use crate::refusal::FieldError;

/// Longest type of an activity, in characters.
pub const TYPE_LEN_MAX: usize = 50;

/// An activity reported from outside; it may have no user and no entity.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewActivity {
    /// The reporter's own id for it.
    #[serde(default)]
    pub id: Option<Uuid>,
    /// When it happened; now unless given.
    #[serde(default)]
    pub timestamp: Option<Timestamp>,
    /// What kind of activity: 1 to 50 characters of an action; becomes the entry's action.
    #[serde(rename = "type")]
    pub kind: String,
    /// What happened, in words.
    pub description: String,
    /// Who did it.
    #[serde(default)]
    pub user: Option<String>,
    /// What kind of entity it concerns; `entity` unless given.
    #[serde(default)]
    pub entity_kind: Option<String>,
    /// The entity it concerns.
    #[serde(default)]
    pub entity: Option<String>,
    /// Anything else: a JSON object.
    #[serde(default)]
    pub details: Option<StrictObject>,
}

impl NewActivity {
    /// The event that the activity is.
    pub fn into_event(self) -> Result<Event, FieldError> {
        if self.kind.is_empty() || self.kind.len() > TYPE_LEN_MAX {
            return Err(FieldError::new("type", format!("must be 1 to {TYPE_LEN_MAX} characters")));
        }
        if self.entity.is_none() && self.entity_kind.is_some() {
            return Err(FieldError::new("entity", "must be given with entity_kind"));
        }
        let kind = if self.user.is_some() { ActorKind::User } else { ActorKind::System };
        Ok(Event {
            id: self.id,
            occurred_at: self.timestamp,
            actor: Actor { kind, id: self.user, name: None, on_behalf_of: None },
            action: self.kind,
            target: self.entity.map(|id| Target {
                kind: self.entity_kind.unwrap_or_else(|| "entity".to_owned()),
                id: Some(id),
            }),
            outcome: Outcome::Success,
            description: Some(self.description),
            details: self.details,
            ip: None,
            user_agent: None,
            trace_id: None,
            session_id: None,
            aim: None,
            drag_mode: None,
        })
    }
}

/// The field of an activity that a field of its event came from.
pub fn activity_field(event_field: &str) -> &str {
    match event_field {
        "action" => "type",
        "actor.id" => "user",
        "target.id" => "entity",
        "target.kind" => "entity_kind",
        "occurred_at" => "timestamp",
        other => other,
    }
}

/// One sentence that says what an entry tells of.
pub fn sentence(entry: &Entry) -> String {
    if let Some(description) = &entry.description {
        return description.clone();
    }
    let actor = entry.actor.name.as_deref().or(entry.actor.id.as_deref()).unwrap_or(entry.actor.kind.as_str());
    let target = entry.target.as_ref().map_or(String::new(), |target| match &target.id {
        Some(id) => format!(" on {} {id}", target.kind),
        None => format!(" on {}", target.kind),
    });
    let verb = match entry.outcome {
        Outcome::Success => "did",
        Outcome::Refused => "was refused",
        Outcome::Failed => "failed at",
    };
    format!("{actor} {verb} {}{target}", entry.action)
}
