//! `probity destination add`.

use clap::Args;
use domain::custody::destination::AddDestination;
use domain::{Command, Reply};
use uuid::Uuid;
use views::DestinationView;

use crate::account::{so_already, unexpected};
use crate::context::{Context, caller, origin};
use crate::failure::{Exit, Failure};
use crate::output::{self, minute};
use crate::{table, user};

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

/// Adds.
pub async fn run(context: &Context, args: AddArgs) -> Result<Exit, Failure> {
    let engine = context.open().await?;
    let user = user::find(&engine, &args.user).await?.row;
    let asset = engine.asset_named(&args.asset).await?;
    let command = Command::AddDestination(AddDestination {
        id: args.id,
        user: user.id,
        asset: asset.id,
        address: args.address,
        label: args.label,
    });
    let answer = engine.submit(&caller(), origin(), command).await?;
    let Reply::Destination(destination) = &answer.reply else {
        return Err(unexpected(&answer.reply));
    };
    if context.json() {
        output::json(&DestinationView::of(&engine, destination.clone()).await?)?;
    } else {
        output::line(&table::paragraph(&format!(
            "{} may withdraw {} there from {} UTC on.{}\nAddress  {}\nId       {}",
            user.username,
            asset.code,
            minute(destination.usable_at),
            so_already(&answer),
            destination.address,
            destination.id
        )))?;
    }
    engine.shutdown().await;
    Ok(Exit::Ok)
}
