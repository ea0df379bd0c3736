//! `probity user create`.

use clap::Args;
use domain::identity::Role;
use engine::identity::{FirstCredential, NewUser};

use super::made;
use crate::context::{caller, origin};
use crate::demo::command_prefix;
use crate::failure::Failure;
use crate::verb::{Printout, Verb, Work};
use crate::{parse, prompt};

/// Arguments of `probity user create`.
#[derive(Debug, Args)]
pub struct CreateArgs {
    /// User name: 1 to 64 characters of a-z, 0-9, '.', '_' and '-'
    name: String,
    /// What the user may do; probity role list shows them all
    #[arg(long, value_parser = parse::role)]
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
        let created = work.engine.create_user(&caller(), origin(), new).await?;
        let user = &created.user;
        let is_made = format!("User {} is made, with role {}", user.username, user.role);
        let shown = created.one_time_password.is_some() || created.invitation.is_some();
        let what = match &user.password_hash {
            _ if shown => format!("{is_made}."),
            Some(_) => format!("{is_made}, and can log in with that password."),
            None => {
                let (name, probity) = (&user.username, command_prefix(work.context, false));
                format!(
                    "{is_made}. An application needs no password but an API key:\n  \
                     {probity} key create --user {name} --name {name} --scopes write,custody"
                )
            }
        };
        made(work, created, &what).await
    }
}
