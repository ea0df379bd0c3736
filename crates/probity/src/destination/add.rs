//! `probity destination add`.

use clap::Args;
use domain::custody::destination::{AddDestination, Destination};
use uuid::Uuid;
use views::DestinationView;

use crate::failure::Failure;
use crate::output::moment;
use crate::verb::{Printout, Verb, Work, json};

/// Arguments of `probity destination add`.
#[derive(Debug, Args)]
pub struct AddArgs {
    /// Whose: user name, id or e-mail address
    #[arg(value_name = "NAME")]
    user: String,
    /// The address, as its chain writes it
    address: String,
    /// Of which asset: code or id
    #[arg(long, value_name = "CODE")]
    asset: String,
    /// What its user calls it
    #[arg(long, value_name = "TEXT")]
    label: Option<String>,
    /// An id of your own: the same id with the same content is the same destination
    #[arg(long)]
    id: Option<Uuid>,
}

impl Verb for AddArgs {
    async fn run(self, work: &Work<'_>) -> Result<Printout, Failure> {
        let user = work.user(&self.user).await?.row;
        let asset = work.engine.asset_named(&self.asset).await?;
        let command = AddDestination {
            id: self.id,
            user: user.id,
            asset: asset.id,
            address: self.address,
            label: self.label,
        };
        let answer = work.submit::<Destination>(command).await?;
        let destination = &answer.reply;
        let from = moment(destination.usable_at);
        let sentence = format!(
            "{} may withdraw {} there from {from} on.",
            user.username, asset.code
        );
        let view = DestinationView::of(work.engine, destination.clone()).await?;
        let printout = Printout::sentence(&answer, json(&view)?, &sentence);
        Ok(printout.with(&[
            ("Address", destination.address.clone()),
            ("Id", destination.id.to_string()),
        ]))
    }
}
