//! `probity user invite`.

use clap::Args;

use super::made;
use crate::context::{caller, origin};
use crate::failure::Failure;
use crate::verb::{Printout, Verb, Work};

/// Arguments of `probity user invite`.
#[derive(Debug, Args)]
pub struct InviteArgs {
    /// User name, id or e-mail address
    #[arg(value_name = "NAME")]
    user: String,
}

impl Verb for InviteArgs {
    async fn run(self, work: &Work<'_>) -> Result<Printout, Failure> {
        let user = work.user(&self.user).await?.row.id;
        let invited = work.engine.invite_user(&caller(), origin(), user).await?;
        let what = format!("User {} is invited.", invited.user.username);
        made(work, invited, &what).await
    }
}
