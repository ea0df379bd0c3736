//! The activity feed: entries as people read them.

pub(crate) mod list;
pub(crate) mod record;
pub(crate) mod stream;

use domain::audit::EntryFilter;
use domain::audit::activity::sentence;
use domain::audit::event::ID_LEN_MAX;
use evidence::{Entry, Outcome, Timestamp};
use schemars::JsonSchema;
use serde::Serialize;
use uuid::Uuid;

use crate::audit::filter::action;
use crate::openapi::Parameter;
use crate::problem::Problem;
use crate::query::Query;

/// What activities can be filtered by.
const FILTER: &[Parameter] = &[
    Parameter::query(
        "user",
        "Only what this user did: the id, or the name where there is no id.",
        r#"{"type":"string","maxLength":1024}"#,
    ),
    Parameter::query(
        "kind",
        "Only this type; with a final `*`, every type that begins so.",
        r#"{"type":"string","maxLength":129,"pattern":"^[A-Za-z0-9._:/-]*[*]?$"}"#,
    ),
    Parameter::query(
        "entity",
        "Only what concerns the entity of this id.",
        r#"{"type":"string","maxLength":1024}"#,
    ),
];

fn filter(query: &Query) -> Result<EntryFilter, Problem> {
    Ok(EntryFilter {
        actor: query.text("user", ID_LEN_MAX)?,
        action: query.read("kind", "a type, or the beginning of one and a final *", action)?,
        target: query.text("entity", ID_LEN_MAX)?,
        ..EntryFilter::default()
    })
}

/// An entry as the feed shows it.
#[derive(Serialize, JsonSchema)]
struct Activity<'a> {
    /// Id of the entry.
    id: Uuid,
    /// Index of the entry.
    index: u64,
    timestamp: Timestamp,
    #[serde(rename = "type")]
    kind: &'a str,
    user: Option<&'a str>,
    entity: Option<&'a str>,
    entity_kind: Option<&'a str>,
    /// A sentence.
    description: String,
    #[schemars(with = "Outcome")]
    outcome: &'static str,
}

impl<'a> Activity<'a> {
    fn of(entry: &'a Entry) -> Activity<'a> {
        let target = entry.target.as_ref();
        Activity {
            id: entry.id,
            index: entry.index,
            timestamp: entry.occurred_at.unwrap_or(entry.at),
            kind: &entry.action,
            user: entry.actor.id.as_deref().or(entry.actor.name.as_deref()),
            entity: target.and_then(|target| target.id.as_deref()),
            entity_kind: target.map(|target| target.kind.as_str()),
            description: sentence(entry),
            outcome: entry.outcome.as_str(),
        }
    }
}
