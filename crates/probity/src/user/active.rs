//! `probity user disable` and `probity user enable`.

use clap::Args;

use super::{find, say, submit};
use crate::context::Context;
use crate::failure::{Exit, Failure};
use domain::identity::user::{DisableUser, EnableUser};

/// Arguments of `probity user disable` and `probity user enable`.
#[derive(Debug, Args)]
pub struct ActiveArgs {
    /// User name, id or e-mail address
    #[arg(value_name = "NAME")]
    user: String,
}

/// Disables or enables.
pub async fn run(context: &Context, args: ActiveArgs, active: bool) -> Result<Exit, Failure> {
    context
        .with_engine(async |engine| {
            let id = find(engine, &args.user).await?.row.id;
            let command = if active {
                EnableUser { user: id }.into()
            } else {
                DisableUser { user: id }.into()
            };
            let (user, version, entry) = submit(engine, command).await?;
            let name = &user.username;
            let text = match (active, entry) {
                (true, Some(_)) => format!("User {name} is enabled."),
                (false, Some(_)) => {
                    format!("User {name} is disabled: its sessions ended, its keys are refused.")
                }
                (true, None) => format!("User {name} was enabled already."),
                (false, None) => format!("User {name} was disabled already."),
            };
            say(context, &user, version, &text)?;
            Ok(Exit::Ok)
        })
        .await
}
