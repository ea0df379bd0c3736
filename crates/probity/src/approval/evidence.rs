//! `probity approval evidence`: what proves an approval, as a bundle for `probity-verify`.

use std::io::{self, Write as _};

use clap::Args;
use uuid::Uuid;
use views::Approval;

use crate::context::Context;
use crate::failure::{Exit, Failure};
use crate::nouns;

/// Arguments of `probity approval evidence`.
#[derive(Debug, Args)]
pub struct EvidenceArgs {
    /// Id of the approval
    approval: Uuid,
}

/// Prints the bundle.
pub async fn run(context: &Context, args: EvidenceArgs) -> Result<Exit, Failure> {
    let id = args.approval;
    context
        .with_engine(async |engine| {
            let bundle = engine.approval_evidence(id).await?;
            let mut bundle = bundle.ok_or_else(|| nouns::unknown::<Approval>(&id.to_string()))?;
            let mut out = io::stdout();
            while let Some(lines) = bundle.next().await? {
                out.write_all(lines.concat().as_bytes())?;
            }
            out.flush()?;
            Ok(Exit::Ok)
        })
        .await
}
