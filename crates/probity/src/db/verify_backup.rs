//! `probity db verify-backup`.

use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use super::Kept;
use crate::context::Context;
use crate::failure::{Exit, Failure};
use crate::output::{self, counted};

/// Arguments of `probity db verify-backup`.
#[derive(Debug, Args)]
pub struct VerifyBackupArgs {
    /// The backup's file, or latest for the newest one in backup.path
    #[arg(value_name = "FILE|latest")]
    backup: String,
    /// Restore it into a temporary SQLite database too, and verify that in full
    #[arg(long)]
    full: bool,
    /// The file of the age identity that opens the backup
    #[arg(long, value_name = "FILE")]
    identity: Option<PathBuf>,
}

pub async fn run(context: &Context, args: VerifyBackupArgs) -> Result<Exit, Failure> {
    let kept = tokio::task::block_in_place(|| Kept::find(context, &args.backup))?;
    // Where the backup is there is room for what it holds; elsewhere the data folder has to have it.
    let aside = kept.place.folder().unwrap_or(&context.settings.config.data_dir);
    let full = args.full.then_some(aside);
    let checked = kept.work(context, |place, name, progress| {
        ::backup::check(place, name, (args.identity.as_deref(), full), progress)
    })?;
    let (contents, report) = (&checked.contents, &checked.report);
    let not_noted = checked.not_noted.as_ref().map(ToString::to_string);
    let end = &contents.end;
    if context.json() {
        output::json(&json!({
            "file": kept.name,
            "origin": contents.manifest.origin,
            "verifier_key": contents.manifest.key,
            "entries": end.entries,
            "erased": contents.erased,
            "pruned": contents.pruned,
            "root": contents.edge.root().to_base64(),
            "snapshot_at": end.snapshot_at,
            "bytes": contents.bytes,
            "sha256": contents.sha256,
            "even_tampered": contents.manifest.even_tampered,
            "verified": report,
            "not_noted": not_noted,
        }))?;
        return Ok(Exit::Ok);
    }
    let said = if report.is_some() {
        "digests, root, signature and counts are right, and so is every row"
    } else {
        "digests, root, signature and counts are right"
    };
    output::line(&format!(
        "✓ {}: {said}.\n{} of {} as of {}, {}",
        kept.name,
        counted(end.entries, "entry", "entries"),
        contents.manifest.origin,
        output::moment(end.snapshot_at),
        super::size(contents.bytes)
    ))?;
    if contents.manifest.even_tampered {
        output::line(&format!("! {}", super::EVEN_TAMPERED))?;
    }
    if let Some(error) = not_noted {
        output::line(&format!("! That it was checked is not noted beside it: {error}"))?;
    }
    Ok(Exit::Ok)
}
