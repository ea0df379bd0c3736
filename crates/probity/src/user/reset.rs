//! `probity user reset` and `probity user recover`: a one-time password.

use clap::Args;
use domain::identity::user::User;

use super::as_json;
use crate::context::{Context, caller, origin};
use crate::failure::Failure;
use crate::how;
use crate::verb::{Printout, Verb, Work};

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

/// Gives a user a one-time password.
pub struct Reset {
    user: String,
    /// Whether the user is also enabled, and its second factor removed.
    recover: bool,
}

impl Reset {
    /// The password alone.
    pub fn password(args: ResetArgs) -> Reset {
        Reset {
            user: args.user,
            recover: false,
        }
    }

    /// Whatever keeps its user out.
    pub fn all(args: ResetArgs) -> Reset {
        Reset {
            user: args.user,
            recover: true,
        }
    }
}

impl Verb for Reset {
    async fn run(self, work: &Work<'_>) -> Result<Printout, Failure> {
        let user = work.user(&self.user).await?.row.id;
        let (user, version, password) = work
            .engine
            .reset_password(&caller(), origin(), user, self.recover)
            .await?;
        let name = &user.username;
        let what = if self.recover {
            format!("User {name} is recovered: enabled, without a second factor, every session ended.")
        } else if user.active {
            format!("The password of {name} is reset, and every session ended.")
        } else {
            format!("The password of {name} is reset. It is disabled still: probity user enable {name}")
        };
        let mut json = as_json(&user, version);
        json["one_time_password"] = password.as_str().into();
        Ok(Printout::text(json, text(work.context, &user, &password, &what)))
    }
}
