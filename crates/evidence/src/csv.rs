//! Entries as CSV (RFC 4180), safe to open in a spreadsheet.

use crate::entry::{Entry, details_text};
use crate::time::Timestamp;

/// The columns, in order.
pub const COLUMNS: &str = "index,id,at,occurred_at,recorded_by_kind,recorded_by_id,actor_kind,actor_id,\
    actor_name,on_behalf_of,action,target_kind,target_id,outcome,authority,description,ip,user_agent,trace_id,\
    session_id,drag_mode,details,erased,pruned,tampered";

/// Appends the line of an entry with its line end, CR LF. What is absent is empty.
pub fn write(entry: &Entry, out: &mut String) {
    let target = entry.target.as_ref();
    let time = |time: Option<Timestamp>| time.map(|time| time.to_string());
    let fields: [Option<String>; 25] = [
        Some(entry.index.to_string()),
        Some(entry.id.to_string()),
        time(Some(entry.at)),
        time(entry.occurred_at),
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
        Some(entry.pruned.to_string()),
        entry.tampered.clone(),
    ];
    for (position, field) in fields.iter().enumerate() {
        if position > 0 {
            out.push(',');
        }
        write_field(field.as_deref().unwrap_or_default(), out);
    }
    out.push_str("\r\n");
}

/// Appends a field, in quotes where it needs them.
///
/// A spreadsheet takes what begins with `=`, `+`, `-`, `@`, a tab or a carriage return for a formula (OWASP, "CSV
/// injection"); with a `'` before it, it is text.
pub fn write_field(field: &str, out: &mut String) {
    let guard = if field.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        "'"
    } else {
        ""
    };
    if field.contains(['"', ',', '\r', '\n']) {
        out.push('"');
        out.push_str(guard);
        out.push_str(&field.replace('"', "\"\""));
        out.push('"');
    } else {
        out.push_str(guard);
        out.push_str(field);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_quoted_and_never_formulas() {
        let cases = [
            ("plain", "plain"),
            ("", ""),
            ("a,b", "\"a,b\""),
            ("say \"hi\"", "\"say \"\"hi\"\"\""),
            ("two\nlines", "\"two\nlines\""),
            ("=1+1", "'=1+1"),
            ("+49 1", "'+49 1"),
            ("-1", "'-1"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("\t=1", "'\t=1"),
            ("\r=1", "\"'\r=1\""),
            (
                "=HYPERLINK(\"http://x\",\"y\")",
                "\"'=HYPERLINK(\"\"http://x\"\",\"\"y\"\")\"",
            ),
            ("a=b", "a=b"),
        ];
        for (field, expected) in cases {
            let mut out = String::new();
            write_field(field, &mut out);
            assert_eq!(out, expected, "{field:?}");
        }
    }
}
