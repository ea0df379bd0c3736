//! How one line would be mapped, without writing anything.

use domain::audit::Event;
use evidence::commitment::Salt;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::feed::Reading;
use super::format::Format;
use super::identify::Identity;
use super::input::Input;
use super::mapper::{Fault, Mapped, Mapper};
use super::run::unreadable;
use super::scan::Item;
use super::shrink::Omitted;
use crate::Error;

/// What an import would make of a line.
#[derive(Clone, Debug, PartialEq)]
pub struct Explained {
    /// The number of the line.
    pub line: u64,
    /// Fields of the entry, each with its value and where it comes from, as far as that is said of it alone.
    pub fields: Vec<(&'static str, String, Option<String>)>,
    /// What the id is made from.
    pub identity: Option<Identity>,
    /// What does not fit.
    pub omitted: Vec<Omitted>,
    /// Lone surrogates that become U+FFFD.
    pub surrogates: u64,
    /// An outcome that the format does not know.
    pub unknown_outcome: Option<String>,
    /// Why it would be rejected.
    pub rejected: Option<String>,
}

/// Reads to the line of this number and says what an import would make of it; none where the log has no such line. It
/// blocks. Only the log itself can refuse more: another entry with the same id, or a time more than a day ahead.
pub fn explain(input: Input, format: &Format, line: u64) -> Result<Option<Explained>, Error> {
    let (opened, again) = input.open();
    let mut mapper = Mapper::new(format.clone(), again).map_err(|error| unreadable(&error))?;
    let mut reading = Reading::new(opened, format.lists());
    while let Some(fed) = reading.next() {
        for mut item in fed.items {
            // Those before it count: equal lines get different ids.
            let event = mapper.map(&mut item);
            if item.number == line {
                return explained(&item, event, format).map(Some);
            }
        }
        if let Some(Err(error)) = fed.end {
            return Err(unreadable(&error));
        }
    }
    Ok(None)
}

fn explained(item: &Item, mapped: Result<Mapped, Fault>, format: &Format) -> Result<Explained, Error> {
    let mut explained = Explained {
        line: item.number,
        fields: Vec::new(),
        identity: None,
        omitted: Vec::new(),
        surrogates: 0,
        unknown_outcome: None,
        rejected: None,
    };
    match mapped {
        Ok(mapped) => {
            let sources = format.sources();
            explained.fields = fields(&mapped.event)
                .into_iter()
                .map(|(field, value)| {
                    let from = sources.iter().find(|(name, _)| *name == field);
                    (field, value, from.map(|(_, from)| from.clone()))
                })
                .collect();
            explained.identity = Some(mapped.identity);
            explained.omitted = mapped.notes.omitted;
            explained.surrogates = mapped.notes.surrogates;
            explained.unknown_outcome = mapped.notes.unknown_outcome;
            let prepared = mapped.event.prepare(Uuid::nil(), Salt([0; 16]));
            explained.rejected = prepared.err().map(|error| error.to_string());
        }
        Err(Fault::Line(reason)) => explained.rejected = Some(reason),
        Err(Fault::File(error)) => return Err(unreadable(&error)),
    }
    Ok(explained)
}

/// The fields that an event has.
fn fields(event: &Event) -> Vec<(&'static str, String)> {
    let object = |members: &Map<String, Value>| Value::Object(members.clone()).to_string();
    let text = |text: &Option<String>| text.clone();
    let (target, aim) = (event.target.as_ref(), event.aim.as_ref());
    let all = [
        ("id", event.id.map(|id| id.to_string())),
        ("occurred_at", event.occurred_at.map(|time| time.to_string())),
        ("actor.kind", Some(event.actor.kind.as_str().to_owned())),
        ("actor.id", text(&event.actor.id)),
        ("actor.name", text(&event.actor.name)),
        ("actor.on_behalf_of", text(&event.actor.on_behalf_of)),
        ("action", Some(event.action.clone())),
        ("target.kind", target.map(|target| target.kind.clone())),
        ("target.id", target.and_then(|target| target.id.clone())),
        ("outcome", Some(event.outcome.as_str().to_owned())),
        ("description", text(&event.description)),
        ("ip", text(&event.ip)),
        ("user_agent", text(&event.user_agent)),
        ("trace_id", text(&event.trace_id)),
        ("session_id", text(&event.session_id)),
        ("aim.actor", aim.and_then(|aim| aim.actor.clone())),
        ("aim.mission", aim.and_then(|aim| aim.mission.clone())),
        (
            "aim.input",
            aim.and_then(|aim| aim.input.as_ref())
                .map(|input| object(&input.0)),
        ),
        ("drag_mode", event.drag_mode.map(|mode| mode.as_str().to_owned())),
        (
            "details",
            event.details.as_ref().map(|details| object(&details.0)),
        ),
    ];
    all.into_iter()
        .filter_map(|(field, value)| Some((field, value?)))
        .collect()
}

impl Explained {
    /// The same as JSON.
    pub fn to_json(&self) -> Value {
        let fields: Map<String, Value> = self
            .fields
            .iter()
            .map(|(field, value, from)| ((*field).to_owned(), json!({ "value": value, "from": from })))
            .collect();
        let omitted: Vec<_> = self
            .omitted
            .iter()
            .map(|part| json!({ "at": part.at, "bytes": part.bytes, "sha256": part.sha256 }))
            .collect();
        json!({
            "line": self.line,
            "fields": fields,
            "id_made_from": self.identity.map(Identity::as_str),
            "omitted": omitted,
            "surrogates": self.surrogates,
            "unknown_outcome": self.unknown_outcome,
            "rejected": self.rejected,
        })
    }
}
