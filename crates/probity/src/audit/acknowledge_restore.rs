//! `probity audit acknowledge-restore`.

use clap::Args;
use engine::Engine;
use serde_json::json;

use crate::context::{Context, caller};
use crate::failure::{Exit, Failure};
use crate::output;

/// Arguments of `probity audit acknowledge-restore`.
#[derive(Debug, Args)]
pub struct AcknowledgeRestoreArgs {
    /// Why; kept in the entry that records it
    #[arg(long)]
    reason: String,
}

pub async fn run(context: &Context, args: AcknowledgeRestoreArgs) -> Result<Exit, Failure> {
    Engine::acknowledge_restore(context.options()?, &caller(), &args.reason).await?;
    if context.json() {
        output::json(&json!({ "acknowledged": true }))?;
    } else {
        output::line("Acknowledged and recorded. The log goes on from its restored state.")?;
    }
    Ok(Exit::Ok)
}
