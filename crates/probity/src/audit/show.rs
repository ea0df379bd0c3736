//! `probity audit show`.

use clap::Args;
use domain::audit::activity;
use engine::EntryKey;
use evidence::Entry;
use evidence::entry::Change;

use super::unknown;
use crate::context::Context;
use crate::failure::{Exit, Failure};
use crate::{output, parse, table};

/// Arguments of `probity audit show`.
#[derive(Debug, Args)]
pub struct ShowArgs {
    /// UUID or index
    #[arg(value_name = "ID|INDEX", value_parser = parse::entry_key)]
    entry: EntryKey,
}

pub async fn run(context: &Context, args: ShowArgs) -> Result<Exit, Failure> {
    context
        .with_engine(async |engine| {
            let entry = engine
                .entry(args.entry)
                .await?
                .ok_or_else(|| unknown(args.entry))?;
            if context.json() {
                output::json(&entry)?;
            } else {
                output::line(&table::pairs(&pairs(&entry), table::width()).join("\n"))?;
            }
            Ok(Exit::Ok)
        })
        .await
}

fn pairs(entry: &Entry) -> Vec<(&'static str, String)> {
    let text = |value: &Option<String>| value.clone();
    let recorder = &entry.recorded_by;
    let id = recorder.id.map_or(String::new(), |id| format!(" {id}"));
    let mut pairs = vec![
        ("Entry", format!("{}  {}", entry.index, entry.id)),
        ("", activity::sentence(entry)),
        ("Recorded at", entry.at.to_string()),
    ];
    let mut add = |name, value: Option<String>| pairs.extend(value.map(|value| (name, value)));
    add("Occurred at", entry.occurred_at.map(|time| time.to_string()));
    add("Recorded by", Some(format!("{}{id}", recorder.kind.as_str())));
    add("Actor", Some(entry.actor.kind.as_str().to_owned()));
    add("  id", text(&entry.actor.id));
    add("  name", text(&entry.actor.name));
    add("  on behalf of", text(&entry.actor.on_behalf_of));
    add("Action", Some(entry.action.clone()));
    add("Target", entry.target.as_ref().map(|target| target.kind.clone()));
    add("  id", entry.target.as_ref().and_then(|target| target.id.clone()));
    add("Outcome", Some(entry.outcome.as_str().to_owned()));
    add("Authority", Some(entry.authority.clone()));
    add("Address", text(&entry.ip));
    add("Program", text(&entry.user_agent));
    add("Trace id", text(&entry.trace_id));
    add("Session", text(&entry.session_id));
    add(
        "Mission",
        entry
            .aim
            .as_ref()
            .and_then(|aim| serde_json::to_string_pretty(aim).ok()),
    );
    add("DRAG mode", entry.drag_mode.map(|mode| mode.as_str().to_owned()));
    add(
        "Details",
        entry
            .details
            .as_ref()
            .and_then(|details| serde_json::to_string_pretty(&details.0).ok()),
    );
    for change in &entry.changes {
        add("Changed", Some(change_text(change)));
    }
    if entry.erased {
        add(
            "Erased",
            Some("what was personal in it has been erased; its proof still holds".to_owned()),
        );
    }
    pairs
}

fn change_text(change: &Change) -> String {
    let empty = serde_json::Map::new();
    let (before, after) = (
        change.before.as_ref().unwrap_or(&empty),
        change.after.as_ref().unwrap_or(&empty),
    );
    let names: std::collections::BTreeSet<_> = before.keys().chain(after.keys()).collect();
    let show = |value: Option<&serde_json::Value>| value.map_or("none".to_owned(), ToString::to_string);
    let mut lines = vec![format!(
        "{} {} (version {})",
        change.table, change.id, change.version
    )];
    for name in names {
        let (old, new) = (before.get(name), after.get(name));
        if old == new {
            continue;
        }
        lines.push(match (change.before.is_some(), change.after.is_some()) {
            (true, true) => format!("  {name}: {} → {}", show(old), show(new)),
            (false, _) => format!("  {name}: {}", show(new)),
            (true, false) => format!("  {name}: {} removed", show(old)),
        });
    }
    lines.join("\n")
}
