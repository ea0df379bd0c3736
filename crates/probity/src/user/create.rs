//! `probity user create`.

use clap::Args;
use domain::identity::Role;
use engine::identity::{FirstCredential, NewUser};

use super::{as_json, invite, parse_role, reset};
use crate::context::{caller, origin};
use crate::demo::command_prefix;
use crate::failure::Failure;
use crate::prompt;
use crate::verb::{Printout, Verb, Work};

/// Arguments of `probity user create`.
#[derive(Debug, Args)]
pub struct CreateArgs {
    /// User name: 1 to 64 characters of a-z, 0-9, '.', '_' and '-'
    name: String,
    /// What the user may do; probity role list shows them all
    #[arg(long, value_parser = parse_role)]
    role: Role,
    /// E-mail address
    #[arg(long, value_name = "ADDRESS")]
    email: Option<String>,
    /// Full name
    #[arg(long, value_name = "TEXT")]
    full_name: Option<String>,
    /// Make an invitation, by which the user sets a password
    #[arg(long, conflicts_with = "password_stdin")]
    invite: bool,
    /// Read the password from standard input; on a terminal, ask for it
    #[arg(long)]
    password_stdin: bool,
}

impl Verb for CreateArgs {
    async fn run(self, work: &Work<'_>) -> Result<Printout, Failure> {
        let first = if self.invite {
            FirstCredential::Invitation
        } else if self.password_stdin {
            FirstCredential::Password {
                text: prompt::new_password()?,
                temporary: false,
            }
        } else {
            FirstCredential::usual(&self.role)
        };
        let new = NewUser {
            username: self.name,
            email: self.email,
            full_name: self.full_name,
            role: self.role,
            first,
        };
        let made = work.engine.create_user(&caller(), origin(), new).await?;
        let (user, context) = (&made.user, work.context);
        let mut json = as_json(user, made.version);
        let is_made = format!("User {} is made, with role {}", user.username, user.role);
        let text = if let Some(password) = &made.one_time_password {
            json["one_time_password"] = password.as_str().into();
            reset::text(context, user, password, &format!("{is_made}."))
        } else if let Some(token) = made.invitation {
            let until = work.engine.user_state(user.id).await?.invited_until;
            let invited = invite::Invited { token, until };
            invited.add_to(&mut json);
            invited.text(context, &format!("{is_made}."))
        } else if user.password_hash.is_none() {
            let (name, probity) = (&user.username, command_prefix(context, false));
            format!(
                "{is_made}. An application needs no password but an API key:\n  \
                 {probity} key create --user {name} --name {name} --scopes write,custody"
            )
        } else {
            format!("{is_made}, and can log in with that password.")
        };
        Ok(Printout::text(json, text))
    }
}
