//! `probity db restore`.

use std::path::PathBuf;

use ::backup::place::Place;
use ::backup::{RestoreHow, Restored};
use clap::{Args, ValueEnum};
use serde_json::json;

use super::Kept;
use crate::context::{Context, caller};
use crate::failure::{Exit, Failure};
use crate::output::{self, counted};

/// Arguments of `probity db restore`.
#[derive(Debug, Args)]
pub struct RestoreArgs {
    /// The backup's file, or latest for the newest one in backup.path
    #[arg(value_name = "FILE|latest", required_unless_present = "file")]
    backup: Option<String>,
    /// The backup's file, as an option
    #[arg(long, value_name = "FILE", conflicts_with = "backup")]
    file: Option<String>,
    /// Why; kept in the entry that records it
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// Replace the database that is there; it is kept beside the new one
    #[arg(long)]
    replace: bool,
    /// Restore a log that lacks entries of the one that is remembered; they are given up
    #[arg(long)]
    shorter: bool,
    /// The file of the age identity that opens the backup
    #[arg(long, value_name = "FILE")]
    identity: Option<PathBuf>,
    /// What to do with files beside the backup that say what was erased later where the log does not prove it
    #[arg(long, value_name = "erase|skip", value_enum)]
    unproven: Option<Unproven>,
}

/// What is done with erasures that the log does not prove.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Unproven {
    /// Erase it all the same
    Erase,
    /// Pass it over
    Skip,
}

pub async fn run(context: &Context, args: RestoreArgs) -> Result<Exit, Failure> {
    let options = context.options()?;
    let name = args.backup.or(args.file).unwrap_or_default();
    let kept = tokio::task::block_in_place(|| Kept::find(context, &name))?;
    let usual = tokio::task::block_in_place(|| usual(context))?;
    let caller = caller();
    let how = RestoreHow {
        caller: &caller,
        reason: &args.reason,
        replace: args.replace,
        shorter: args.shorter,
        identity: args.identity.as_deref(),
        also: usual.as_deref(),
        unproven: args.unproven.map(|unproven| match unproven {
            Unproven::Erase => ::backup::Unproven::Erase,
            Unproven::Skip => ::backup::Unproven::Skip,
        }),
    };
    let restored = kept.work(context, |place, name, progress| {
        ::backup::restore(place, name, &options, &how, progress)
    });
    let restored = restored.map_err(unharmed)?;
    if context.json() {
        output::json(&as_json(&restored, &kept.name))?;
    } else {
        output::line(&text(&restored, &kept.name))?;
    }
    Ok(if restored.again.not_erased.is_empty() {
        Exit::Ok
    } else {
        Exit::No
    })
}

/// The place of the settings, where there is one: what was erased is told there.
fn usual(context: &Context) -> Result<Option<Box<dyn Place>>, Failure> {
    let named = !context.settings.config.backup.path.is_empty();
    named.then(|| super::made_place(context, None)).transpose()
}

/// What can be done where it could not be done, and what is there then.
fn unharmed(failure: Failure) -> Failure {
    if failure.exit != Exit::CouldNotRun {
        return failure;
    }
    let first = match failure.code {
        "storage_full" => {
            "free some space on the database's disk, or let it be written to: the new database is made beside the old one, and what is sorted for \
                           its indexes in the folder for temporary files"
        }
        _ => failure.hint.as_str(),
    };
    let hint = format!(
        "{first}; then do it again. No database was harmed: the old one is there, or the new one where that had taken its place \
         already (probity status)"
    );
    Failure { hint, ..failure }
}

fn as_json(restored: &Restored, file: &str) -> serde_json::Value {
    let again = &restored.again;
    let not_erased = again
        .not_erased
        .iter()
        .map(|left| json!({ "user": left.user, "reason": left.reason }));
    json!({
        "file": file,
        "origin": restored.contents.manifest.origin,
        "entries": restored.contents.end.entries,
        "root": restored.report.root,
        "snapshot_at": restored.contents.end.snapshot_at,
        "entry": restored.entry,
        "even_tampered": restored.contents.manifest.even_tampered,
        "complete": restored.known.is_none(),
        "known_entries": restored.known,
        "erased_again": { "users": again.users, "entries": again.entries, "not": not_erased.collect::<Vec<_>>() },
        "unproven": restored.unproven,
        "old_not_asked": restored.not_asked.as_ref().map(ToString::to_string),
        "kept": restored.kept,
    })
}

fn text(restored: &Restored, file: &str) -> String {
    let (end, again) = (&restored.contents.end, &restored.again);
    let mut lines = vec![format!(
        "Restored {} of {} as of {}, verified in full, from {file}.",
        counted(end.entries, "entry", "entries"),
        restored.contents.manifest.origin,
        output::moment(end.snapshot_at)
    )];
    if restored.contents.manifest.even_tampered {
        lines.push(format!(
            "! Of the backup: {}. What was restored is.",
            super::EVEN_TAMPERED
        ));
    }
    if let Some(known) = restored.known {
        lines.push(format!(
            "It is not complete: {} were known, and what came after the backup is given up.",
            counted(known, "entry", "entries")
        ));
    }
    if again.users > 0 || again.entries > 0 {
        lines.push(format!(
            "Erased again, as it was after the backup: {}, {}.",
            counted(again.users, "user", "users"),
            counted(again.entries, "entry", "entries")
        ));
    }
    for left in &again.not_erased {
        lines.push(format!(
            "✗ User {} was erased later, and is not erased here: {}",
            left.user, left.reason
        ));
    }
    if !restored.unproven.is_empty() {
        let which = restored.unproven.join(", ");
        lines.push(format!(
            "! Told without proof of what was erased, and dealt with as --unproven says: {which}"
        ));
    }
    if let Some(error) = &restored.not_asked {
        lines.push(format!(
            "! The old database could not be asked what it erased since: {error}"
        ));
    }
    if let Some(kept) = &restored.kept {
        lines.push(format!("The old database is kept as {kept}; it holds what was erased since. Remove it once you no longer need it."));
    }
    lines.push(format!("Recorded as entry {}.", restored.entry));
    lines.join("\n")
}
