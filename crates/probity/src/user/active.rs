//! `probity user disable` and `probity user enable`.

use clap::Args;
use domain::identity::user::{DisableUser, EnableUser};

use super::printout;
use crate::failure::Failure;
use crate::verb::{Printout, Verb, Work};

/// Arguments of `probity user disable` and `probity user enable`.
#[derive(Debug, Args)]
pub struct ActiveArgs {
    /// User name, id or e-mail address
    #[arg(value_name = "NAME")]
    user: String,
}

/// Disables a user.
pub struct Disable(pub ActiveArgs);

/// Enables a user.
pub struct Enable(pub ActiveArgs);

impl Verb for Disable {
    async fn run(self, work: &Work<'_>) -> Result<Printout, Failure> {
        let user = work.user(&self.0.user).await?.row.id;
        let answer = work.submit(DisableUser { user }).await?;
        printout(&answer, |user| match answer.entry {
            Some(_) => format!(
                "User {} is disabled: its sessions ended, its keys are refused.",
                user.username
            ),
            None => format!("User {} was disabled already.", user.username),
        })
    }
}

impl Verb for Enable {
    async fn run(self, work: &Work<'_>) -> Result<Printout, Failure> {
        let user = work.user(&self.0.user).await?.row.id;
        let answer = work.submit(EnableUser { user }).await?;
        printout(&answer, |user| match answer.entry {
            Some(_) => format!("User {} is enabled.", user.username),
            None => format!("User {} was enabled already.", user.username),
        })
    }
}
