//! Entries as CSV (RFC 4180): one line each, for spreadsheets.

use evidence::Entry;
use evidence::entry::details_text;

/// The titles; the columns are those of an entry, `details` as canonical JSON. The HTTP export has the same ones.
pub const HEADER: &str = "index,id,at,occurred_at,recorded_by_kind,recorded_by_id,actor_kind,actor_id,\
    actor_name,on_behalf_of,action,target_kind,target_id,outcome,authority,description,ip,user_agent,trace_id,\
    session_id,drag_mode,details,erased\r";

/// An entry's line, without its last line feed.
pub fn line(entry: &Entry) -> String {
    let target = entry.target.as_ref();
    let cells = [
        Some(entry.index.to_string()),
        Some(entry.id.to_string()),
        Some(entry.at.to_string()),
        entry.occurred_at.map(|time| time.to_string()),
        Some(entry.recorded_by.kind.as_str().to_owned()),
        entry.recorded_by.id.map(|id| id.to_string()),
        Some(entry.actor.kind.as_str().to_owned()),
        entry.actor.id.clone(),
        entry.actor.name.clone(),
        entry.actor.on_behalf_of.clone(),
        Some(entry.action.clone()),
        target.map(|target| target.kind.clone()),
        target.and_then(|target| target.id.clone()),
        Some(entry.outcome.as_str().to_owned()),
        Some(entry.authority.clone()),
        entry.description.clone(),
        entry.ip.clone(),
        entry.user_agent.clone(),
        entry.trace_id.clone(),
        entry.session_id.clone(),
        entry.drag_mode.map(|mode| mode.as_str().to_owned()),
        details_text(entry),
        Some(entry.erased.to_string()),
    ];
    format!(
        "{}\r",
        cells.map(|cell| cell_text(&cell.unwrap_or_default())).join(",")
    )
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
