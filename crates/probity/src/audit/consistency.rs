//! `probity audit consistency`.

use clap::Args;

use crate::context::Context;
use crate::failure::{Exit, Failure};
use crate::output;

/// Arguments of `probity audit consistency`.
#[derive(Debug, Args)]
pub struct ConsistencyArgs {
    /// Size of the older log, as an earlier checkpoint says
    from: u64,
    /// Size of the newer log
    to: u64,
}

/// Prints the proof; it is JSON either way.
pub async fn run(context: &Context, args: ConsistencyArgs) -> Result<Exit, Failure> {
    let proof = context.with_engine(async |engine| Ok(engine.consistency(args.from, args.to).await?));
    output::json(&proof.await?)?;
    Ok(Exit::Ok)
}
