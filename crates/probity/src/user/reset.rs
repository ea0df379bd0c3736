//! `probity user reset` and `probity user recover`: a one-time password.

use clap::Args;
use domain::identity::user::User;

use super::{as_json, find};
use crate::context::{Context, caller, origin};
use crate::failure::{Exit, Failure};
use crate::{how, output};

/// Arguments of `probity user reset` and `probity user recover`.
#[derive(Debug, Args)]
pub struct ResetArgs {
    /// User name, id or e-mail address
    #[arg(value_name = "NAME")]
    user: String,
}

/// For people: a one-time password and how to use it.
pub fn text(context: &Context, user: &User, password: &str, what: &str) -> String {
    if context.global.quiet {
        return password.to_owned();
    }
    format!(
        "{password}\n\n{what}\nThis one-time password is shown now and never again.\n{}",
        how::change_password(&how::base(context), &user.username)
    )
}

/// Resets; to `recover` also enables the user and removes its second factor.
pub async fn run(context: &Context, args: ResetArgs, recover: bool) -> Result<Exit, Failure> {
    context
        .with_engine(async |engine| {
            let id = find(engine, &args.user).await?.row.id;
            let (user, version, password) = engine.reset_password(&caller(), origin(), id, recover).await?;
            if context.json() {
                let mut value = as_json(&user, version);
                value["one_time_password"] = password.into();
                output::json(&value)?;
            } else {
                let name = &user.username;
                let what = if recover {
                    format!(
                        "User {name} is recovered: enabled, without a second factor, every session ended."
                    )
                } else if user.active {
                    format!("The password of {name} is reset, and every session ended.")
                } else {
                    format!(
                        "The password of {name} is reset. It is disabled still: probity user enable {name}"
                    )
                };
                output::line(&text(context, &user, &password, &what))?;
            }
            Ok(Exit::Ok)
        })
        .await
}
