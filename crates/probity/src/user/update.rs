//! `probity user update`.

use clap::Args;
use domain::identity::user::UpdateUser;

use super::{Who, printout};
use crate::failure::Failure;
use crate::verb::{Printout, Verb, Work, recorded_note};

/// Arguments of `probity user update`.
#[derive(Debug, Args)]
pub struct UpdateArgs {
    #[command(flatten)]
    who: Who,
    /// New user name
    #[arg(long, value_name = "NAME")]
    username: Option<String>,
    /// New e-mail address
    #[arg(long, value_name = "ADDRESS", conflicts_with = "no_email")]
    email: Option<String>,
    /// No e-mail address any more
    #[arg(long)]
    no_email: bool,
    /// New full name
    #[arg(long, value_name = "TEXT", conflicts_with = "no_full_name")]
    full_name: Option<String>,
    /// No full name any more
    #[arg(long)]
    no_full_name: bool,
}

/// What is to be changed: to another text, to none, or not.
#[expect(clippy::option_option, reason = "it is what the command takes")]
fn change(text: Option<String>, none: bool) -> Option<Option<String>> {
    if none { Some(None) } else { text.map(Some) }
}

impl Verb for UpdateArgs {
    async fn run(self, work: &Work<'_>) -> Result<Printout, Failure> {
        let (email, full_name) = (
            change(self.email, self.no_email),
            change(self.full_name, self.no_full_name),
        );
        if self.username.is_none() && email.is_none() && full_name.is_none() {
            let hint = "give --username, --email, --no-email, --full-name or --no-full-name";
            return Err(Failure::could_not_run("usage", "nothing is to be changed", hint));
        }
        let before = self.who.found(work).await?;
        let command = UpdateUser {
            user: before.row.id,
            version: Some(before.version),
            username: self.username,
            email,
            full_name,
        };
        let answer = work.submit(command).await?;
        let then = match answer.entry {
            Some(_) => format!("is changed{}.", recorded_note(&answer)),
            None => "was so already.".to_owned(),
        };
        printout(&answer, |name| format!("User {name} {then}"))
    }
}
