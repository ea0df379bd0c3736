//! `probity db backup`.

use std::io::IsTerminal;

use ::backup::{How, To};
use clap::Args;
use domain::upkeep::Job;
use engine::verify::{VerifyOptions, VerifyProgress};
use jobs::Came;

use crate::config::PROGRAM;
use crate::context::Context;
use crate::failure::{Exit, Failure};
use crate::output::{self, count, counted};
use crate::progress::Progress;

/// Arguments of `probity db backup`.
#[derive(Debug, Args)]
pub struct BackupArgs {
    /// Where to: a folder, s3://BUCKET/PREFIX, or - for standard output; backup.path of the settings unless given
    #[arg(long, value_name = "DIR|URL|-")]
    to: Option<String>,
    /// Write a database that is not as its log says all the same; the backup says so then
    #[arg(long)]
    even_tampered: bool,
}

pub async fn run(context: &Context, args: BackupArgs) -> Result<Exit, Failure> {
    let options = context.options()?;
    let to_output = args.to.as_deref() == Some("-");
    if to_output && std::io::stdout().is_terminal() {
        let hint = "send it on: probity db backup --to - | age -p > probity.tar.zst.age";
        let message = "a backup is nothing for a terminal";
        return Err(Failure::could_not_run("terminal", message, hint));
    }
    let place = (!to_output)
        .then(|| super::made_place(context, args.to.as_deref()))
        .transpose()?;
    let recipients = context.settings.config.backup.recipients.clone().0;
    let progress = Progress::new(context);
    // What is to be encrypted is in the clear only where the database's own folder is.
    let here = place
        .as_deref()
        .and_then(|place| place.folder())
        .filter(|_| recipients.is_empty());
    let how = How {
        even_tampered: args.even_tampered,
        threads: VerifyOptions::default().threads,
        aside: here.unwrap_or(&options.data_dir),
        program: PROGRAM,
        recipients: &recipients,
    };
    let at = |at: VerifyProgress| {
        let text = format!("{} of {} {}", count(at.done), count(at.total), at.what);
        progress.at(at.done, at.total, &text);
    };
    // It blocks its thread, as nothing in a runtime may.
    let written = tokio::task::block_in_place(|| match &place {
        Some(place) => ::backup::write(&options, To::Place(&**place), &how, &at),
        None => ::backup::write(&options, To::Output(&mut std::io::stdout()), &how, &at),
    });
    progress.finish();
    let sidecar = written?;
    super::record(context, Job::Backup, Came::of_backup(&sidecar)).await;
    let entries = counted(sidecar.entries, "entry", "entries");
    let said = format!(
        "{entries}, {}, as of {}",
        super::size(sidecar.bytes),
        output::moment(sidecar.snapshot_at)
    );
    let warning = if sidecar.manifest.even_tampered {
        "\nThe database is not as its log says, and so is this backup: probity audit verify"
    } else {
        ""
    };
    match place {
        None => context.remark(&format!("{said}{warning}")),
        Some(_) if context.json() => output::json(&sidecar)?,
        Some(place) => output::line(&format!("{}/{}\n{said}{warning}", place.shown(), sidecar.file))?,
    }
    Ok(Exit::Ok)
}
