//! The activity feed: entries as people read them.

use evidence::entry::{Actor, Target};
use evidence::json::StrictObject;
use evidence::leaf::Outcome;
use evidence::payload::ActorKind;
use evidence::payload::WORD;
use evidence::time::Timestamp;
use schemars::JsonSchema;
use serde::Deserialize;
use uuid::Uuid;

use crate::audit::event::{Event, ID_LEN_MAX, KIND_LEN_MAX, TEXT_LEN_MAX};
use crate::refusal::FieldError;

/// Longest type of an activity, in characters.
pub const TYPE_LEN_MAX: usize = 50;

/// An activity to record; it may have no user and no entity.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("dependentRequired" = {"entity_kind": ["entity"]}))]
pub struct NewActivity {
    /// Your own id.
    #[serde(default)]
    pub id: Option<Uuid>,
    /// When it happened; now unless given.
    #[serde(default)]
    pub timestamp: Option<Timestamp>,
    /// What kind of activity; becomes the entry's action.
    #[serde(rename = "type")]
    #[schemars(length(min = 1, max = TYPE_LEN_MAX), regex(pattern = WORD))]
    pub kind: String,
    /// What happened, in words.
    #[schemars(length(min = 1, max = TEXT_LEN_MAX))]
    pub description: String,
    /// Who did it.
    #[serde(default)]
    #[schemars(length(min = 1, max = ID_LEN_MAX))]
    pub user: Option<String>,
    /// What kind of entity it concerns; `entity` unless given.
    #[serde(default)]
    #[schemars(length(min = 1, max = KIND_LEN_MAX), regex(pattern = WORD))]
    pub entity_kind: Option<String>,
    /// The entity it concerns.
    #[serde(default)]
    #[schemars(length(min = 1, max = ID_LEN_MAX))]
    pub entity: Option<String>,
    /// Anything else: at most 256 KiB of canonical JSON.
    #[serde(default)]
    pub details: Option<StrictObject>,
}

impl NewActivity {
    /// The event that the activity is.
    pub fn into_event(self) -> Result<Event, FieldError> {
        if self.kind.is_empty() || self.kind.len() > TYPE_LEN_MAX {
            return Err(FieldError::new(
                "type",
                format!("must be 1 to {TYPE_LEN_MAX} characters"),
            ));
        }
        if self.entity.is_none() && self.entity_kind.is_some() {
            return Err(FieldError::new("entity", "must be given with entity_kind"));
        }
        let kind = if self.user.is_some() {
            ActorKind::User
        } else {
            ActorKind::System
        };
        Ok(Event {
            id: self.id,
            occurred_at: self.timestamp,
            actor: Actor {
                kind,
                id: self.user,
                name: None,
                on_behalf_of: None,
            },
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

#[cfg(test)]
mod tests {
    use super::*;

    fn activity(json: &str) -> NewActivity {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn bounds_at_their_edges() {
        for (length, good) in [(0, false), (1, true), (50, true), (51, false)] {
            let text = format!(r#"{{"type":"{}","description":"d"}}"#, "x".repeat(length));
            assert_eq!(activity(&text).into_event().is_ok(), good, "{length}");
        }
        let error = activity(r#"{"type":"t","description":"d","entity_kind":"k"}"#)
            .into_event()
            .unwrap_err();
        assert_eq!(error.field, "entity");
        assert!(serde_json::from_str::<NewActivity>(r#"{"type":"t"}"#).is_err());
        assert!(serde_json::from_str::<NewActivity>(r#"{"description":"d"}"#).is_err());
    }

    #[test]
    fn without_user_or_entity_it_is_the_systems() {
        let event = activity(r#"{"type":"t","description":"d"}"#)
            .into_event()
            .unwrap();
        assert_eq!(
            (event.actor.kind, event.actor.id, event.target),
            (ActorKind::System, None, None)
        );
        let event = activity(r#"{"type":"t","description":"d","user":"u","entity":"e"}"#)
            .into_event()
            .unwrap();
        assert_eq!(
            (event.actor.kind, event.actor.id.as_deref()),
            (ActorKind::User, Some("u"))
        );
        assert_eq!(event.target.map(|target| target.kind).as_deref(), Some("entity"));
    }
}
