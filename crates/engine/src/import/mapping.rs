//! Mapping files: where each field of an event comes from in a log of another shape.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use domain::audit::Event;
use domain::audit::event::{NAME_LEN_MAX, TEXT_LEN_MAX};
use evidence::entry::{Actor, Target};
use evidence::json::StrictObject;
use evidence::payload::{Aim, DragMode};
use evidence::{ActorKind, Outcome};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

use super::notes::Notes;
use super::scan::Lists;
use super::source::{Source, TimeFormat};
use super::{fit, shrink};

/// Where each field of an event comes from: a JSON pointer (RFC 6901) into the line, or `=` and a constant.
///
/// Of what a pointer finds, a number or truth value counts as its JSON text, and null and an empty text as
/// nothing. Characters that an action or a target's kind may not hold (outside `A-Z a-z 0-9 . _ : / -`) become
/// `_`. With the whole line in the details, which is the default, nothing is lost: so an overlong description,
/// user agent, mission or name is cut, and an address or trace id that is none is left out. Otherwise either
/// rejects the line.
#[derive(Clone, Debug, PartialEq)]
pub struct Mapping(Box<Fields>);

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Fields {
    /// `user`, `agent`, `service`, `system` or `external`; external unless given.
    actor_kind: Option<Source>,
    actor_id: Option<Source>,
    actor_name: Option<Source>,
    actor_on_behalf_of: Option<Source>,
    action: Source,
    /// A target needs a kind; its id alone makes none.
    target_kind: Option<Source>,
    target_id: Option<Source>,
    occurred_at: Option<Source>,
    #[serde(default)]
    time_format: TimeFormat,
    /// Looked up in `outcome_values`, else one of our own words; success unless given.
    outcome: Option<Source>,
    description: Option<Source>,
    ip: Option<Source>,
    user_agent: Option<Source>,
    trace_id: Option<Source>,
    session_id: Option<Source>,
    /// Used where it is a UUID; the line's id is made from its content otherwise.
    id: Option<Source>,
    aim_actor: Option<Source>,
    aim_mission: Option<Source>,
    /// An object; anything else becomes its member `value`.
    aim_input: Option<Source>,
    drag_mode: Option<Source>,
    #[serde(default)]
    details: Details,
    /// The member that holds the events, in a document that is none itself.
    list: Option<String>,
    /// What a word means that is neither in `outcome_values` nor one of ours; such a line is rejected otherwise.
    outcome_default: Option<Outcome>,
    #[serde(default)]
    outcome_values: BTreeMap<String, Outcome>,
}

/// A mapping file that cannot be used: what is wrong in it, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MappingError(String);

impl fmt::Display for MappingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "mapping: {}", self.0)
    }
}

impl std::error::Error for MappingError {}

/// Which members of the line go into the details.
#[derive(Clone, Debug, Default, PartialEq)]
enum Details {
    #[default]
    Whole,
    Part(Source),
    None,
}

impl<'de> Deserialize<'de> for Details {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        match text.as_str() {
            "" | "/" => Ok(Details::Whole),
            "none" => Ok(Details::None),
            _ => Source::parse(&text)
                .map(Details::Part)
                .map_err(serde::de::Error::custom),
        }
    }
}

/// Mappings that need no file, by their names.
const BUILT_IN: [(&str, &str); 1] = [("aim-drag", include_str!("aim_drag.toml"))];

type Line = Map<String, Value>;

/// Something that is absent unless both mapped and found.
fn text<'a>(field: &str, source: Option<&'a Source>, line: &'a Line) -> Result<Option<Cow<'a, str>>, String> {
    match source {
        Some(source) => source.text(line).map_err(|reason| format!("{field}: {reason}")),
        None => Ok(None),
    }
}

fn owned(field: &str, source: Option<&Source>, line: &Line) -> Result<Option<String>, String> {
    Ok(text(field, source, line)?.map(Cow::into_owned))
}

impl Mapping {
    /// Reads a mapping file (TOML 1.0). An unknown key is refused by name.
    pub fn parse(toml: &str) -> Result<Mapping, MappingError> {
        let fields =
            toml::from_str(toml).map_err(|error| MappingError(error.to_string().trim_end().to_owned()))?;
        Ok(Mapping(Box::new(fields)))
    }

    /// The mapping of this name that needs no file.
    pub fn built_in(name: &str) -> Option<Result<Mapping, MappingError>> {
        let (_, toml) = BUILT_IN.iter().find(|(known, _)| *known == name)?;
        Some(Mapping::parse(toml))
    }

    /// The event that the line is; the error names the field and what is wrong with it.
    pub(super) fn event(&self, line: Line, notes: &mut Notes) -> Result<Event, String> {
        self.0.event(line, notes)
    }

    /// Which member of a document holds events.
    pub(super) fn lists(&self) -> Lists {
        match &self.0.list {
            Some(name) if name.is_empty() => Lists::None,
            Some(name) => Lists::Member(name.clone()),
            None => Lists::RecordsAlone,
        }
    }

    /// Each field that is mapped, and where it comes from.
    pub(super) fn sources(&self) -> Vec<(&'static str, String)> {
        self.0.sources()
    }
}

impl Fields {
    fn sources(&self) -> Vec<(&'static str, String)> {
        let details = match &self.details {
            Details::Whole => "/".to_owned(),
            Details::Part(source) => source.to_string(),
            Details::None => "none".to_owned(),
        };
        let all = [
            ("id", &self.id),
            ("occurred_at", &self.occurred_at),
            ("actor.kind", &self.actor_kind),
            ("actor.id", &self.actor_id),
            ("actor.name", &self.actor_name),
            ("actor.on_behalf_of", &self.actor_on_behalf_of),
            ("target.kind", &self.target_kind),
            ("target.id", &self.target_id),
            ("outcome", &self.outcome),
            ("description", &self.description),
            ("ip", &self.ip),
            ("user_agent", &self.user_agent),
            ("trace_id", &self.trace_id),
            ("session_id", &self.session_id),
            ("aim.actor", &self.aim_actor),
            ("aim.mission", &self.aim_mission),
            ("aim.input", &self.aim_input),
            ("drag_mode", &self.drag_mode),
        ];
        let given = all
            .into_iter()
            .filter_map(|(field, source)| Some((field, source.as_ref()?.to_string())));
        let always = [("action", self.action.to_string()), ("details", details)];
        given.chain(always).collect()
    }

    fn event(&self, line: Line, notes: &mut Notes) -> Result<Event, String> {
        let action = text("action", Some(&self.action), &line)?.ok_or("action: is missing or empty")?;
        let occurred_at = match &self.occurred_at {
            Some(source) => self
                .time_format
                .read(source, &line)
                .map_err(|reason| format!("occurred_at: {reason}"))?,
            None => None,
        };
        let id = text("id", self.id.as_ref(), &line)?;
        notes.has_id = id.is_some();
        let id = id.and_then(|id| domain::own_id::parse(&id));
        Ok(Event {
            id,
            occurred_at,
            actor: self.actor(&line)?,
            action: fit::word(&action),
            target: self.target(&line)?,
            outcome: self.outcome(&line, notes)?,
            description: self.cut("description", self.description.as_ref(), &line, TEXT_LEN_MAX)?,
            ip: self.kept_if("ip", self.ip.as_ref(), &line, |ip| {
                ip.parse::<std::net::IpAddr>().is_ok()
            })?,
            user_agent: self.cut("user_agent", self.user_agent.as_ref(), &line, TEXT_LEN_MAX)?,
            trace_id: self.kept_if("trace_id", self.trace_id.as_ref(), &line, |id| {
                evidence::json::from_hex::<16>(id).is_some_and(|id| id != [0; 16])
            })?,
            session_id: owned("session_id", self.session_id.as_ref(), &line)?,
            aim: self.aim(&line, notes)?,
            drag_mode: drag_mode(self.drag_mode.as_ref(), &line)?,
            details: self.details(line, notes),
        })
    }

    fn actor(&self, line: &Line) -> Result<Actor, String> {
        let kind = match text("actor_kind", self.actor_kind.as_ref(), line)? {
            Some(word) => ActorKind::parse(&word).ok_or_else(|| {
                format!("actor_kind: {word:?} is not user, agent, service, system or external")
            })?,
            None => ActorKind::External,
        };
        Ok(Actor {
            kind,
            id: owned("actor_id", self.actor_id.as_ref(), line)?,
            name: self.cut("actor_name", self.actor_name.as_ref(), line, NAME_LEN_MAX)?,
            on_behalf_of: owned("actor_on_behalf_of", self.actor_on_behalf_of.as_ref(), line)?,
        })
    }

    fn target(&self, line: &Line) -> Result<Option<Target>, String> {
        let id = owned("target_id", self.target_id.as_ref(), line)?;
        match text("target_kind", self.target_kind.as_ref(), line)? {
            Some(kind) => Ok(Some(Target {
                kind: fit::kind(&kind),
                id,
            })),
            None if id.is_some() => Err("target_kind: is missing, but there is a target_id".to_owned()),
            None => Ok(None),
        }
    }

    fn outcome(&self, line: &Line, notes: &mut Notes) -> Result<Outcome, String> {
        let Some(word) = text("outcome", self.outcome.as_ref(), line)? else {
            return Ok(Outcome::Success);
        };
        let known = self
            .outcome_values
            .get(word.as_ref())
            .copied()
            .or_else(|| Outcome::parse(&word));
        match (known, self.outcome_default) {
            (Some(known), _) => Ok(known),
            (None, Some(default)) => Ok(notes.unknown_outcome(&word, default)),
            (None, None) => Err(format!(
                "outcome: {:?} is not among outcome_values, and there is no outcome_default",
                fit::cut(&word, 64)
            )),
        }
    }

    fn aim(&self, line: &Line, notes: &mut Notes) -> Result<Option<Aim>, String> {
        let found = self.aim_input.as_ref().and_then(|source| source.value(line));
        let input = found.map(|value| object("aim.input", value, notes));
        let aim = Aim {
            actor: self.cut("aim_actor", self.aim_actor.as_ref(), line, NAME_LEN_MAX)?,
            input,
            mission: self.cut("aim_mission", self.aim_mission.as_ref(), line, TEXT_LEN_MAX)?,
        };
        Ok((aim != Aim::default()).then_some(aim))
    }

    fn details(&self, line: Line, notes: &mut Notes) -> Option<StrictObject> {
        match &self.details {
            Details::Whole => Some(shrink::object("details", line, &mut notes.omitted)),
            Details::Part(source) => source.value(&line).map(|value| object("details", value, notes)),
            Details::None => None,
        }
    }

    /// A text of a bounded length: cut where the details hold the whole.
    fn cut(
        &self,
        field: &str,
        source: Option<&Source>,
        line: &Line,
        max: usize,
    ) -> Result<Option<String>, String> {
        let found = text(field, source, line)?;
        Ok(found.map(|text| {
            if self.details == Details::Whole {
                fit::cut(&text, max).to_owned()
            } else {
                text.into_owned()
            }
        }))
    }

    /// A text of a certain form: left out where it has another and the details hold it. (The bounds of an event
    /// refuse it otherwise.)
    fn kept_if(
        &self,
        field: &str,
        source: Option<&Source>,
        line: &Line,
        fits: impl Fn(&str) -> bool,
    ) -> Result<Option<String>, String> {
        let found = owned(field, source, line)?;
        Ok(found.filter(|text| self.details != Details::Whole || fits(text)))
    }
}

fn drag_mode(source: Option<&Source>, line: &Line) -> Result<Option<DragMode>, String> {
    let Some(word) = text("drag_mode", source, line)? else {
        return Ok(None);
    };
    let mode = DragMode::parse(&word.to_ascii_lowercase());
    mode.map(Some)
        .ok_or_else(|| format!("drag_mode: {word:?} is not draft, research, analysis or grunt"))
}

fn object(field: &str, value: Cow<'_, Value>, notes: &mut Notes) -> StrictObject {
    let members = match value.into_owned() {
        Value::Object(members) => members,
        other => Map::from_iter([("value".to_owned(), other)]),
    };
    shrink::object(field, members, &mut notes.omitted)
}

#[cfg(test)]
#[path = "mapping_tests.rs"]
mod tests;
