//! `probity user password`: a password that its user types here.

use clap::Args;
use views::UserView;

use crate::context::{caller, origin};
use crate::failure::Failure;
use crate::prompt;
use crate::verb::{Printout, Verb, Work, json};

/// Arguments of `probity user password`.
#[derive(Debug, Args)]
pub struct PasswordArgs {
    /// User name, id or e-mail address
    #[arg(value_name = "NAME")]
    user: String,
}

impl Verb for PasswordArgs {
    async fn run(self, work: &Work<'_>) -> Result<Printout, Failure> {
        let user = work.user(&self.user).await?.row.id;
        let password = prompt::new_password()?;
        let (user, version) = work
            .engine
            .set_password(&caller(), origin(), user, &password)
            .await?;
        let text = format!(
            "The password of {} is set, and every session ended.",
            user.username
        );
        Ok(Printout::text(json(&UserView::of(&user, version))?, text))
    }
}
