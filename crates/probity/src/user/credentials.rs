//! `probity user invite`, `password`, `reset` and `recover`: by what a user gets in.

use engine::identity::CreatedUser;
use views::UserView;

use super::{Who, made};
use crate::context::{caller, origin};
use crate::failure::Failure;
use crate::prompt;
use crate::verb::{Printout, Verb, Work, json};

/// Makes an invitation.
pub struct Invite(pub Who);

/// Sets a password that its user types here.
pub struct Password(pub Who);

/// Makes a one-time password.
pub struct Reset(pub Who);

/// Lets a user in, whatever keeps them out.
pub struct Recover(pub Who);

impl Verb for Invite {
    async fn run(self, work: &Work<'_>) -> Result<Printout, Failure> {
        let user = self.0.found(work).await?.row.id;
        let invited = work.engine.invite_user(&caller(), origin(), user).await?;
        let what = format!("User {} is invited.", invited.user.username);
        made(work, invited, &what).await
    }
}

impl Verb for Password {
    async fn run(self, work: &Work<'_>) -> Result<Printout, Failure> {
        let user = self.0.found(work).await?.row.id;
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

/// Gives a user a one-time password; to `recover` is more.
async fn reset(work: &Work<'_>, who: &Who, recover: bool) -> Result<CreatedUser, Failure> {
    let user = who.found(work).await?.row.id;
    Ok(work
        .engine
        .reset_password(&caller(), origin(), user, recover)
        .await?)
}

impl Verb for Reset {
    async fn run(self, work: &Work<'_>) -> Result<Printout, Failure> {
        let reset = reset(work, &self.0, false).await?;
        let name = &reset.user.username;
        let what = if reset.user.active {
            format!("The password of {name} is reset, and every session ended.")
        } else {
            format!("The password of {name} is reset. It is disabled still: probity user enable {name}")
        };
        made(work, reset, &what).await
    }
}

impl Verb for Recover {
    async fn run(self, work: &Work<'_>) -> Result<Printout, Failure> {
        let recovered = reset(work, &self.0, true).await?;
        let name = &recovered.user.username;
        let what =
            format!("User {name} is recovered: enabled, without a second factor, every session ended.");
        made(work, recovered, &what).await
    }
}
