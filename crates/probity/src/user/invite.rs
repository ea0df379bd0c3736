//! `probity user invite`.

use clap::Args;
use domain::identity::token::Token;
use evidence::Timestamp;
use serde_json::Value;

use super::as_json;
use crate::context::{Context, caller, origin};
use crate::failure::Failure;
use crate::verb::{Printout, Verb, Work};
use crate::{how, output};

/// Arguments of `probity user invite`.
#[derive(Debug, Args)]
pub struct InviteArgs {
    /// User name, id or e-mail address
    #[arg(value_name = "NAME")]
    user: String,
}

/// An invitation that was just made.
pub struct Invited {
    /// Its token, to be printed once.
    pub token: Token,
    /// Until when it can be accepted.
    pub until: Option<Timestamp>,
}

impl Invited {
    /// Adds it to a user as JSON.
    pub fn add_to(&self, value: &mut Value) {
        value["invitation"] = self.token.secret().into();
        value["invited_until"] = self.until.map(|until| until.to_string()).into();
    }

    /// For people: the token, how long it is good, and how to use it.
    pub fn text(&self, context: &Context, what: &str) -> String {
        if context.global.quiet {
            return self.token.secret().to_owned();
        }
        let hours = context.settings.config.identity.invitation_h;
        let until = self.until.map_or_else(String::new, |until| {
            format!(",\nuntil {} UTC", output::minute(until))
        });
        format!(
            "{}\n\n{what}\nThis invitation is shown now and never again. It works once, for {hours} h{until}.\n\n{}",
            self.token.secret(),
            how::accept_invitation(&how::base(context)),
        )
    }
}

impl Verb for InviteArgs {
    async fn run(self, work: &Work<'_>) -> Result<Printout, Failure> {
        let user = work.user(&self.user).await?.row.id;
        let (user, version, token) = work.engine.invite_user(&caller(), origin(), user).await?;
        let invited = Invited {
            until: work.engine.user_state(user.id).await?.invited_until,
            token,
        };
        let mut json = as_json(&user, version);
        invited.add_to(&mut json);
        let what = format!("User {} is invited.", user.username);
        Ok(Printout::text(json, invited.text(work.context, &what)))
    }
}
