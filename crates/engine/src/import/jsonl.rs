//! Our own export, one entry a line, back to events.

use domain::audit::Event;
use domain::audit::event::IMPORTED;
use evidence::Entry;
use evidence::entry::Recorded;
use evidence::json::{StrictObject, Unique};
use serde_json::{Map, Value};

use super::notes::Notes;
use super::shrink;
use super::value::{Fields, fields};

/// Where each field comes from.
pub(super) const FIELDS: Fields = fields! {
    "details" = "details; with at, authority, changes, erased, evidence, index, pruned and recorded_by in its member _imported";
    "id" = "id";
    "occurred_at" = "occurred_at, or else at";
    "the others" = "the members of these names";
};

/// What an event cannot bring: the old log, not ours, vouches for it.
const OF_THE_OLD_LOG: [&str; 8] = [
    "at",
    "authority",
    "changes",
    "erased",
    "evidence",
    "index",
    "pruned",
    "recorded_by",
];

/// The event that an exported entry tells of: the same id, and the time at which it happened or else was
/// recorded. Its place, time, recorder, authority, row changes and proof in the old log go to
/// `details._imported`; an `_imported` of an earlier import is kept inside.
pub(super) fn event(text: &str, members: &Map<String, Value>, notes: &mut Notes) -> Result<Event, String> {
    let entry = evidence::entry::parse(text)
        .map_err(|error| format!("is not an exported entry (for another log, give a mapping): {error}"))?;
    notes.exported = generations(text, &entry);
    notes.has_id = true;
    let mut imported = Map::new();
    for name in OF_THE_OLD_LOG {
        if let Some(value) = members.get(name) {
            imported.insert(name.to_owned(), value.clone());
        }
    }
    let mut details = entry.details.unwrap_or_default().0;
    if let Some(earlier) = details.remove(IMPORTED) {
        imported.insert(IMPORTED.to_owned(), earlier);
    }
    let mut details = shrink::object("details", details, &mut notes.omitted);
    let imported = shrink::part("details/_imported", imported, 2, &mut notes.omitted);
    details.0.insert(IMPORTED.to_owned(), Value::Object(imported.0));
    Ok(Event {
        id: Some(entry.id),
        occurred_at: Some(entry.occurred_at.unwrap_or(entry.at)),
        actor: entry.actor,
        action: entry.action,
        target: entry.target,
        outcome: entry.outcome,
        description: entry.description,
        details: Some(details),
        ip: entry.ip,
        user_agent: entry.user_agent,
        trace_id: entry.trace_id,
        session_id: entry.session_id,
        aim: entry.aim,
        drag_mode: entry.drag_mode,
    })
}

/// What the log that the entry comes from holds of it, and the log before, as long as an import there kept it as it was.
/// Each is checked against its leaf; a line that somebody mended is an event like any other.
fn generations(text: &str, entry: &Entry) -> Vec<Recorded> {
    let mut recorded: Vec<Recorded> = entry.recorded().ok().into_iter().collect();
    let imported = |details: &StrictObject| details.0.contains_key(IMPORTED);
    if recorded.is_empty() || !entry.details.as_ref().is_some_and(imported) {
        return recorded;
    }
    let Ok(Unique(Value::Object(mut members))) = serde_json::from_str(text) else {
        return recorded;
    };
    while let Some(earlier) = before_import(&mut members) {
        recorded.push(earlier);
    }
    recorded
}

/// Takes an import back: the members become those of the entry that was imported.
fn before_import(members: &mut Map<String, Value>) -> Option<Recorded> {
    let Value::Object(details) = members.get_mut("details")? else {
        return None;
    };
    let Value::Object(mut imported) = details.remove(IMPORTED)? else {
        return None;
    };
    if let Some(earlier) = imported.remove(IMPORTED) {
        details.insert(IMPORTED.to_owned(), earlier);
    }
    let empty = details.is_empty();
    for name in OF_THE_OLD_LOG {
        members.remove(name);
    }
    members.extend(imported);
    // An import gives every entry a time and details; whether it had them, its leaf tells.
    for without in [
        &[][..],
        &["occurred_at"],
        &["details"],
        &["details", "occurred_at"],
    ] {
        if without.contains(&"details") && !empty {
            continue;
        }
        let mut candidate = members.clone();
        candidate.retain(|name, _| !without.contains(&name.as_str()));
        let entry = serde_json::from_value::<Entry>(Value::Object(candidate.clone()));
        let recorded = entry.ok().and_then(|entry| entry.recorded().ok());
        // Without a payload it would be any entry of this id: only the export itself may say so.
        if let Some(recorded) = recorded.filter(|recorded| recorded.payload.is_some()) {
            *members = candidate;
            return Some(recorded);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::import::json;

    fn map(text: &str) -> Result<Event, String> {
        event(text, &json::read_object(text).unwrap(), &mut Notes::default())
    }

    const ENTRY: &str = r#"{"id":"01893fc0-a490-7000-8000-00000000002a","index":7,"at":"2026-11-21T08:30:00.123456Z",
        "recorded_by":{"kind":"system"},"actor":{"kind":"agent","id":"a","name":"n","on_behalf_of":"o"},
        "action":"order.create","target":{"kind":"order","id":"42"},"outcome":"refused","authority":"system",
        "description":"d","details":{"x":1,"_imported":{"index":3}},
        "changes":[{"table":"users","id":"01893fc0-a490-7000-8000-00000000002b","version":1,"after":{"n":9007199254740993}}],
        "ip":"::1","user_agent":"curl","trace_id":"4bf92f3577b34da6a3ce929d0e0e4736","session_id":"s",
        "aim":{"mission":"m"},"drag_mode":"grunt","evidence":{"leaf":"{}","salt":"00"}}"#;

    #[test]
    fn an_entry_becomes_the_event_that_it_was() {
        let event = map(ENTRY).unwrap();
        event.validate().unwrap();
        assert_eq!(
            event.id.unwrap().to_string(),
            "01893fc0-a490-7000-8000-00000000002a"
        );
        assert_eq!(
            event.occurred_at.unwrap().to_string(),
            "2026-11-21T08:30:00.123456Z"
        );
        assert_eq!(event.actor.on_behalf_of.as_deref(), Some("o"));
        assert_eq!(event.target.unwrap().id.as_deref(), Some("42"));
        assert_eq!(event.outcome, evidence::Outcome::Refused);
        assert_eq!(event.aim.unwrap().mission.as_deref(), Some("m"));
        let details = event.details.unwrap().0;
        assert_eq!(details["x"], 1);
        let imported = &details[IMPORTED];
        assert_eq!(
            (&imported["index"], &imported["authority"]),
            (&7.into(), &"system".into())
        );
        assert_eq!(imported["changes"][0]["after"]["n"], "9007199254740993");
        assert_eq!(imported["evidence"]["salt"], "00");
        assert_eq!(imported[IMPORTED]["index"], 3);
        assert_eq!(imported.get("erased"), None);
    }

    #[test]
    fn own_time_wins_and_other_shapes_are_refused() {
        let with_time = ENTRY.replacen('{', r#"{"occurred_at":"2023-07-10T11:42:18.000000Z","#, 1);
        let mapped = map(&with_time).unwrap();
        assert_eq!(
            mapped.occurred_at.unwrap().to_string(),
            "2023-07-10T11:42:18.000000Z"
        );
        let unknown = ENTRY.replacen('{', r#"{"surprise":1,"#, 1);
        let error = map(&unknown).unwrap_err();
        assert!(error.contains("surprise"), "{error}");
    }
}
