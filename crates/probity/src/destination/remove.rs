//! `probity destination remove`.

use clap::Args;
use domain::custody::destination::RemoveDestination;
use domain::{Command, Reply};
use uuid::Uuid;
use views::DestinationView;

use crate::account::{so_already, unexpected};
use crate::context::{Context, caller, origin};
use crate::failure::{Exit, Failure};
use crate::{output, table};

/// Arguments of `probity destination remove`.
#[derive(Debug, Args)]
pub struct RemoveArgs {
    /// Id of the destination
    destination: Uuid,
}

/// Removes.
pub async fn run(context: &Context, args: RemoveArgs) -> Result<Exit, Failure> {
    let engine = context.open().await?;
    let command = Command::RemoveDestination(RemoveDestination {
        destination: args.destination,
    });
    let answer = engine.submit(&caller(), origin(), command).await?;
    let Reply::Destination(destination) = &answer.reply else {
        return Err(unexpected(&answer.reply));
    };
    if context.json() {
        output::json(&DestinationView::of(&engine, destination.clone()).await?)?;
    } else {
        output::line(&table::paragraph(&format!(
            "Destination {} is removed.{}",
            destination.address,
            so_already(&answer)
        )))?;
    }
    engine.shutdown().await;
    Ok(Exit::Ok)
}
