//! `probity db prune`.

use clap::Args;
use domain::upkeep::Job;
use jobs::Came;
use serde_json::json;

use crate::context::Context;
use crate::failure::{Exit, Failure};
use crate::output::{self, counted};
use crate::parse;

/// Arguments of `probity db prune`.
#[derive(Debug, Args)]
pub struct PruneArgs {
    /// Where they are: a folder or s3://BUCKET/PREFIX; backup.path of the settings unless given
    #[arg(long, value_name = "DIR|URL")]
    path: Option<String>,
    /// Say what would go, and remove nothing
    #[arg(long)]
    dry_run: bool,
}

pub async fn run(context: &Context, args: PruneArgs) -> Result<Exit, Failure> {
    let place = super::place(context, args.path.as_deref())?;
    let key = engine::verify::parts::verifier(&context.options()?)?;
    let keep = context.settings.config.backup.retention();
    let how = (&keep, parse::now(), args.dry_run);
    let pruned = tokio::task::block_in_place(|| ::backup::prune(&*place, &key, how))?;
    let pruned = pruned.map_err(|stopped| {
        let hint = "nothing was removed: set the clock, or write a backup first: probity db backup";
        Failure::no("prune_stopped", stopped.to_string(), hint)
    })?;
    if !args.dry_run {
        super::record(context, Job::Prune, Came::of_prune(&pruned)).await;
    }
    if context.json() {
        output::json(&json!({ "dry_run": args.dry_run, "gone": pruned.gone, "kept": pruned.kept }))?;
        return Ok(Exit::Ok);
    }
    if !pruned.gone.is_empty() {
        output::line(&super::lines(&pruned.gone))?;
    }
    let gone = counted(pruned.gone.len() as u64, "backup", "backups");
    let said = if args.dry_run {
        "would be removed"
    } else {
        "removed"
    };
    context.remark(&format!("{gone} {said}, {} kept", pruned.kept));
    Ok(Exit::Ok)
}
