//! `probity db list-backups`.

use clap::Args;
use serde_json::json;

use crate::context::Context;
use crate::failure::{Exit, Failure};
use crate::output::{self, counted};

/// Arguments of `probity db list-backups`.
#[derive(Debug, Args)]
pub struct ListArgs {
    /// Where they are: a folder or s3://BUCKET/PREFIX; backup.path of the settings unless given
    #[arg(long, value_name = "DIR|URL")]
    path: Option<String>,
}

pub async fn run(context: &Context, args: ListArgs) -> Result<Exit, Failure> {
    let place = super::place(context, args.path.as_deref())?;
    let listed = tokio::task::block_in_place(|| ::backup::list(&*place, None))?;
    if context.json() {
        let strange = listed
            .strange
            .iter()
            .map(|(name, reason)| json!({ "file": name, "reason": reason }));
        output::json(&json!({ "backups": listed.backups, "strange": strange.collect::<Vec<_>>() }))?;
        return Ok(Exit::Ok);
    }
    if !listed.backups.is_empty() {
        output::line(&super::lines(&listed.backups))?;
    }
    for backup in listed
        .backups
        .iter()
        .filter(|backup| backup.manifest.even_tampered)
    {
        output::line(&format!("! {}: {}", backup.file, super::EVEN_TAMPERED))?;
    }
    for (name, reason) in &listed.strange {
        context.remark(&format!("{name} is no backup: {reason}"));
    }
    context.remark(&counted(listed.backups.len() as u64, "backup", "backups"));
    Ok(Exit::Ok)
}
