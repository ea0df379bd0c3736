//! `probity user create`.

use clap::Args;
use domain::identity::Role;
use engine::identity::{CreatedUser, FirstCredential, NewUser};

use super::{as_json, invite, parse_role, reset};
use crate::context::{Context, caller, origin};
use crate::demo::command_prefix;
use crate::failure::{Exit, Failure};
use crate::{output, prompt};

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

/// Creates.
pub async fn run(context: &Context, args: CreateArgs) -> Result<Exit, Failure> {
    let first = if args.invite {
        FirstCredential::Invitation
    } else if args.password_stdin {
        FirstCredential::Password {
            text: prompt::new_password()?,
            temporary: false,
        }
    } else {
        FirstCredential::usual(&args.role)
    };
    context
        .with_engine(async |engine| {
            let new = NewUser {
                username: args.name,
                email: args.email,
                full_name: args.full_name,
                role: args.role,
                first,
            };
            let made = engine.create_user(&caller(), origin(), new).await?;
            let CreatedUser {
                user,
                version,
                one_time_password,
                invitation,
            } = made;
            let invitation = match invitation {
                Some(token) => {
                    let until = engine.user_state(user.id).await?.invited_until;
                    Some(invite::Invited { token, until })
                }
                None => None,
            };
            if context.json() {
                let mut value = as_json(&user, version);
                if let Some(password) = &one_time_password {
                    value["one_time_password"] = password.as_str().into();
                }
                if let Some(invited) = &invitation {
                    invited.add_to(&mut value);
                }
                output::json(&value)?;
            } else if let Some(password) = &one_time_password {
                let what = format!("User {} is made, with role {}.", user.username, user.role);
                output::line(&reset::text(context, &user, password, &what))?;
            } else if let Some(invited) = &invitation {
                let what = format!("User {} is made, with role {}.", user.username, user.role);
                output::line(&invited.text(context, &what))?;
            } else if user.password_hash.is_none() {
                let name = &user.username;
                output::line(&format!(
                    "User {name} is made, with role {}. An application needs no password but an API key:\n  \
             {} key create --user {name} --name {name} --scopes write,custody",
                    user.role,
                    command_prefix(context, false),
                ))?;
            } else {
                output::line(&format!(
                    "User {} is made, with role {}, and can log in with that password.",
                    user.username, user.role
                ))?;
            }
            Ok(Exit::Ok)
        })
        .await
}
