//! `probity user update`.

use clap::Args;
use domain::Command;
use domain::identity::user::UpdateUser;

use super::{find, say, submit};
use crate::context::Context;
use crate::failure::{Exit, Failure};

/// Arguments of `probity user update`.
#[derive(Debug, Args)]
pub struct UpdateArgs {
    /// User name, id or e-mail address
    #[arg(value_name = "NAME")]
    user: String,
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

/// Updates.
pub async fn run(context: &Context, args: UpdateArgs) -> Result<Exit, Failure> {
    let (email, full_name) = (
        change(args.email, args.no_email),
        change(args.full_name, args.no_full_name),
    );
    if args.username.is_none() && email.is_none() && full_name.is_none() {
        let hint = "give --username, --email, --no-email, --full-name or --no-full-name";
        return Err(Failure::could_not_run("usage", "nothing is to be changed", hint));
    }
    context
        .with_engine(async |engine| {
            let before = find(engine, &args.user).await?;
            let command = Command::UpdateUser(UpdateUser {
                user: before.row.id,
                version: Some(before.version),
                username: args.username,
                email,
                full_name,
            });
            let (user, version, entry) = submit(engine, command).await?;
            let text = match entry {
                Some(entry) => format!("User {} is changed, recorded as entry {entry}.", user.username),
                None => format!("User {} was so already.", user.username),
            };
            say(context, &user, version, &text)?;
            Ok(Exit::Ok)
        })
        .await
}
