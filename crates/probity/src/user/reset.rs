//! `probity user reset` and `probity user recover`: a one-time password.

use clap::Args;

use super::made;
use crate::context::{caller, origin};
use crate::failure::Failure;
use crate::verb::{Printout, Verb, Work};

/// Arguments of `probity user reset` and `probity user recover`.
#[derive(Debug, Args)]
pub struct ResetArgs {
    /// User name, id or e-mail address
    #[arg(value_name = "NAME")]
    user: String,
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
        let reset = work
            .engine
            .reset_password(&caller(), origin(), user, self.recover)
            .await?;
        let user = &reset.user;
        let name = &user.username;
        let what = if self.recover {
            format!("User {name} is recovered: enabled, without a second factor, every session ended.")
        } else if user.active {
            format!("The password of {name} is reset, and every session ended.")
        } else {
            format!("The password of {name} is reset. It is disabled still: probity user enable {name}")
        };
        made(work, reset, &what).await
    }
}
