//! `probity user role`.

use clap::Args;
use domain::identity::Role;
use domain::identity::user::SetRole;
use views::User;

use super::{Who, printout};
use crate::failure::Failure;
use crate::parse;
use crate::verb::{Printout, Verb, Work};

/// Arguments of `probity user role`.
#[derive(Debug, Args)]
pub struct RoleArgs {
    #[command(flatten)]
    who: Who,
    /// The new role; probity role list shows them all
    #[arg(value_parser = parse::role)]
    role: Role,
}

impl Verb for RoleArgs {
    async fn run(self, work: &Work<'_>) -> Result<Printout, Failure> {
        let before = self.who.found(work).await?;
        let command = SetRole {
            user: before.row.id,
            version: Some(before.version),
            role: self.role,
        };
        let answer = work.submit::<(User, u64)>(command).await?;
        let (role, had) = (&answer.reply.0.role, &before.row.role);
        printout(&answer, |name| match answer.entry {
            Some(_) => format!("User {name} has role {role} now, and had role {had}."),
            None => format!("User {name} had role {role} already."),
        })
    }
}
