//! `probity audit retention`.

use clap::Args;
use engine::retention::{Past, Retained};
use engine::verify::VerifyProgress;
use serde_json::{Value, json};

use crate::context::caller;
use crate::failure::Failure;
use crate::output::{count, counted};
use crate::progress::Progress;
use crate::table::{self, Column, Elide, column, number};
use crate::verb::{Printout, Verb, Work};

/// Arguments of `probity audit retention`.
#[derive(Debug, Args)]
pub struct RetentionArgs {
    /// Say what would go, and prune nothing
    #[arg(long)]
    dry_run: bool,
}

const COLUMNS: [Column; 6] = [
    column("action", Elide::End),
    column("policy", Elide::End),
    number("days"),
    number("entries"),
    number("held"),
    column("oldest (UTC)", Elide::Never),
];

impl Verb for RetentionArgs {
    async fn run(self, work: &Work<'_>) -> Result<Printout, Failure> {
        let progress = Progress::new(work.context);
        let at = |at: VerifyProgress| {
            let text = format!("{} of {} {}", count(at.done), count(at.total), at.what);
            progress.at(at.done, at.total, &text);
        };
        let retained = if self.dry_run {
            work.engine.past_retention(&at).await
        } else {
            work.engine.retain(&caller(), &at).await
        };
        progress.finish();
        let retained = retained?;
        Ok(Printout::text(
            as_json(&retained, self.dry_run),
            text(&retained, self.dry_run),
        ))
    }
}

fn as_json(retained: &Retained, dry_run: bool) -> Value {
    let action = |(action, past): (&String, &Past)| {
        json!({
            "action": action,
            "policy": past.policy.action,
            "keep_days": past.policy.keep_days,
            "entries": past.entries,
            "held": past.held,
            "oldest": past.oldest,
        })
    };
    let actions: Vec<Value> = retained.actions.iter().map(action).collect();
    json!({
        "dry_run": dry_run,
        "entries": retained.entries(),
        "held": retained.held(),
        "commands": retained.commands,
        "actions": actions,
    })
}

fn text(retained: &Retained, dry_run: bool) -> String {
    let row = |(action, past): (&String, &Past)| {
        vec![
            action.clone(),
            past.policy.action.clone(),
            count(past.policy.keep_days),
            count(past.entries),
            count(past.held),
            views::minute(past.oldest),
        ]
    };
    let rows: Vec<_> = retained.actions.iter().map(row).collect();
    let entries = |number: u64| counted(number, "entry", "entries");
    let (gone, held) = (entries(retained.entries()), retained.held());
    let done = if dry_run {
        format!("{gone} would be pruned")
    } else {
        let commands = counted(retained.commands, "command", "commands");
        format!("{gone} pruned, by {commands}")
    };
    let sentence = match held {
        0 => format!("{done}."),
        held => format!("{done}; legal holds keep {}.", entries(held)),
    };
    if rows.is_empty() {
        return sentence;
    }
    let lines = table::lines(&COLUMNS, &rows, table::width()).join("\n");
    format!("{lines}\n\n{sentence}")
}
