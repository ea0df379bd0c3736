//! Entries as CSV (RFC 4180): one line each, for spreadsheets.

use evidence::Entry;
use evidence::entry::details_text;

/// The titles; the columns are those of an entry, `details` as JSON.
pub const HEADER: &str = "index,id,at,occurred_at,recorded_by_kind,recorded_by_id,actor_kind,actor_id,actor_name,\
    actor_on_behalf_of,action,target_kind,target_id,outcome,authority,description,details,ip,user_agent,trace_id,\
    session_id,erased";

/// An entry's line, without its end.
pub fn line(entry: &Entry) -> String {
    let or_empty = |text: &Option<String>| text.clone().unwrap_or_default();
    let cells = [
        entry.index.to_string(),
        entry.id.to_string(),
        entry.at.to_string(),
        entry.occurred_at.map_or(String::new(), |time| time.to_string()),
        entry.recorded_by.kind.as_str().to_owned(),
        entry.recorded_by.id.map_or(String::new(), |id| id.to_string()),
        entry.actor.kind.as_str().to_owned(),
        or_empty(&entry.actor.id),
        or_empty(&entry.actor.name),
        or_empty(&entry.actor.on_behalf_of),
        entry.action.clone(),
        entry
            .target
            .as_ref()
            .map_or(String::new(), |target| target.kind.clone()),
        entry
            .target
            .as_ref()
            .map_or(String::new(), |target| or_empty(&target.id)),
        entry.outcome.as_str().to_owned(),
        entry.authority.clone(),
        or_empty(&entry.description),
        details_text(entry).unwrap_or_default(),
        or_empty(&entry.ip),
        or_empty(&entry.user_agent),
        or_empty(&entry.trace_id),
        or_empty(&entry.session_id),
        entry.erased.to_string(),
    ];
    cells.map(|cell| cell_text(&cell)).join(",")
}

/// A cell, quoted where it must be. A spreadsheet takes what begins with one of these characters for a formula, so
/// it gets an apostrophe in front (OWASP, "CSV Injection").
fn cell_text(text: &str) -> String {
    let formula = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let text = if formula {
        format!("'{text}")
    } else {
        text.to_owned()
    };
    if text.contains(['"', ',', '\n', '\r']) {
        return format!("\"{}\"", text.replace('"', "\"\""));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells() {
        for (text, expected) in [
            ("plain", "plain"),
            ("", ""),
            ("a,b", "\"a,b\""),
            ("say \"x\"", "\"say \"\"x\"\"\""),
            ("two\nlines", "\"two\nlines\""),
            ("=1+1", "'=1+1"),
            ("@SUM(A1,B1)", "\"'@SUM(A1,B1)\""),
            ("-5", "'-5"),
        ] {
            assert_eq!(cell_text(text), expected);
        }
    }
}
