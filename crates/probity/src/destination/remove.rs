//! `probity destination remove`.

use clap::Args;
use domain::custody::destination::{Destination, RemoveDestination};
use uuid::Uuid;
use views::DestinationView;

use crate::failure::Failure;
use crate::verb::{Printout, Verb, Work, json};

/// Arguments of `probity destination remove`.
#[derive(Debug, Args)]
pub struct RemoveArgs {
    /// Id of the destination
    destination: Uuid,
}

impl Verb for RemoveArgs {
    async fn run(self, work: &Work<'_>) -> Result<Printout, Failure> {
        let command = RemoveDestination {
            destination: self.destination,
        };
        let answer = work.submit::<Destination>(command).await?;
        let destination = &answer.reply;
        let view = DestinationView::of(work.engine, destination.clone()).await?;
        let sentence = format!("Destination {} is removed.", destination.address);
        Ok(Printout::sentence(&answer, json(&view)?, &sentence))
    }
}
