//! `probity user role`.

use clap::Args;
use domain::Command;
use domain::identity::Role;
use domain::identity::user::SetRole;

use super::{find, parse_role, say, submit};
use crate::context::Context;
use crate::failure::{Exit, Failure};

/// Arguments of `probity user role`.
#[derive(Debug, Args)]
pub struct RoleArgs {
    /// User name, id or e-mail address
    #[arg(value_name = "NAME")]
    user: String,
    /// The new role; probity role list shows them all
    #[arg(value_parser = parse_role)]
    role: Role,
}

/// Gives the role.
pub async fn run(context: &Context, args: RoleArgs) -> Result<Exit, Failure> {
    context
        .with_engine(async |engine| {
            let before = find(engine, &args.user).await?;
            let command = Command::SetRole(SetRole {
                user: before.row.id,
                version: Some(before.version),
                role: args.role,
            });
            let (user, version, entry) = submit(engine, command).await?;
            let (name, role) = (&user.username, &user.role);
            let text = match entry {
                Some(_) => format!(
                    "User {name} has role {role} now, and had role {}.",
                    before.row.role
                ),
                None => format!("User {name} had role {role} already."),
            };
            say(context, &user, version, &text)?;
            Ok(Exit::Ok)
        })
        .await
}
