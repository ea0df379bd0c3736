//! `probity user role`.

use clap::Args;
use domain::identity::Role;
use domain::identity::user::SetRole;

use super::printout;
use crate::failure::Failure;
use crate::parse;
use crate::verb::{Printout, Verb, Work};

/// Arguments of `probity user role`.
#[derive(Debug, Args)]
pub struct RoleArgs {
    /// User name, id or e-mail address
    #[arg(value_name = "NAME")]
    user: String,
    /// The new role; probity role list shows them all
    #[arg(value_parser = parse::role)]
    role: Role,
}

impl Verb for RoleArgs {
    async fn run(self, work: &Work<'_>) -> Result<Printout, Failure> {
        let before = work.user(&self.user).await?;
        let command = SetRole {
            user: before.row.id,
            version: Some(before.version),
            role: self.role,
        };
        let answer = work.submit(command).await?;
        printout(&answer, |user| match answer.entry {
            Some(_) => {
                let had = &before.row.role;
                format!(
                    "User {} has role {} now, and had role {had}.",
                    user.username, user.role
                )
            }
            None => format!("User {} had role {} already.", user.username, user.role),
        })
    }
}
