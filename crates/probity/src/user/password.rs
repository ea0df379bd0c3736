//! `probity user password`: a password that its user types here.

use clap::Args;

use super::{as_json, find};
use crate::context::{Context, caller, origin};
use crate::failure::{Exit, Failure};
use crate::{output, prompt};

/// Arguments of `probity user password`.
#[derive(Debug, Args)]
pub struct PasswordArgs {
    /// User name, id or e-mail address
    #[arg(value_name = "NAME")]
    user: String,
}

/// Sets.
pub async fn run(context: &Context, args: PasswordArgs) -> Result<Exit, Failure> {
    context
        .with_engine(async |engine| {
            let id = find(engine, &args.user).await?.row.id;
            let password = prompt::new_password()?;
            let (user, version) = engine.set_password(&caller(), origin(), id, &password).await?;
            if context.json() {
                output::json(&as_json(&user, version))?;
            } else {
                output::line(&format!(
                    "The password of {} is set, and every session ended.",
                    user.username
                ))?;
            }
            Ok(Exit::Ok)
        })
        .await
}
