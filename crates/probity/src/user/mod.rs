//! `probity user`: a file per verb.

mod active;
mod create;
mod credentials;
mod erase;
mod import;
mod role;
mod show;
mod update;

use clap::Args;
use domain::record::Sealed;
use engine::Answer;
use engine::identity::CreatedUser;
use views::{User, UserMade, UserView};

use crate::failure::Failure;
use crate::how;
use crate::nouns::{self, ListArgs};
use crate::output::{moment, plain};
use crate::verb::{Printout, Work, json, verbs};

verbs! {
    /// What can be done about users.
    UserCommand {
        /// Create a user; its one-time password or invitation is printed once
        #[command(
            after_help = "Without --invite or --password-stdin, a one-time password is made; but for the role service, an \
                application, which has API keys.\n\n\
                Example:\n  probity user create ann --role auditor --email ann@example.com"
        )]
        Create(create::CreateArgs),
        /// Invite a user, again or to set a new password; the token is printed once
        #[command(
            after_help = "Former invitations of the user no longer work.\n\nExample:\n  probity user invite ann"
        )]
        Invite(Who) is credentials::Invite,
        /// List users, oldest first
        #[command(after_help = "Example:\n  probity user list --role admin --active")]
        List(ListArgs<User>) => nouns::list,
        /// Show all that is known of a user, with KYC records, balances and API keys
        #[command(after_help = "Example:\n  probity user show ann@example.com")]
        Show(Who) => show::run,
        /// Change a user's name, e-mail address or full name
        #[command(after_help = "Example:\n  probity user update ann --full-name 'Ann Smith' --no-email")]
        Update(update::UpdateArgs),
        /// Give a user another role, effective at once
        #[command(after_help = "Example:\n  probity user role ann compliance")]
        Role(role::RoleArgs),
        /// Set a user's password, typed here by its user: twice on a terminal, else a line of input
        #[command(after_help = "Its sessions end.\n\nExample:\n  probity user password ann")]
        Password(Who) is credentials::Password,
        /// Give a user a one-time password, printed once; its sessions end
        #[command(after_help = "Example:\n  probity user reset ann")]
        Reset(Who) is credentials::Reset,
        /// Let in a user who is locked out: one-time password, enabled, no second factor
        #[command(after_help = "Example:\n  probity user recover admin")]
        Recover(Who) is credentials::Recover,
        /// Disable a user: its sessions end, its keys are refused
        #[command(after_help = "Example:\n  probity user disable ann")]
        Disable(Who) is active::Disable,
        /// Enable a disabled user
        #[command(after_help = "Example:\n  probity user enable ann")]
        Enable(Who) is active::Enable,
        /// Erase what is personal of a user, for ever; proofs stay valid
        #[command(
            after_help = "The user's names, and the payload of every entry by or about the user, are erased.\n\n\
                Example:\n  probity user erase ann --reason 'Asked for it'"
        )]
        Erase(erase::EraseArgs),
        /// Import users with their password hashes from CSV or JSON lines
        #[command(after_help = import::help())]
        Import(import::ImportArgs) => import::run,
    }
}

/// Which user.
#[derive(Debug, Args)]
pub struct Who {
    /// User name, id or e-mail address
    #[arg(value_name = "NAME")]
    user: String,
}

impl Who {
    /// The user that it means.
    async fn found(&self, work: &Work<'_>) -> Result<Sealed<User>, Failure> {
        work.user(&self.user).await
    }
}

/// What was done to a user, in a sentence or as the user now is.
fn printout(answer: &Answer<(User, u64)>, text: impl FnOnce(&str) -> String) -> Result<Printout, Failure> {
    let (user, version) = &answer.reply;
    let json = json(&UserView::of(user, *version))?;
    Ok(Printout::text(json, plain(&text(&user.username))))
}

/// A user with what is shown once, and how to use it.
async fn made(work: &Work<'_>, made: CreatedUser, what: &str) -> Result<Printout, Failure> {
    let made = UserMade::of(work.engine, made).await?;
    let json = json(&made)?;
    let base = how::base(work.context);
    if let Some(password) = &made.one_time_password {
        let how = how::change_password(&base, &made.user.username);
        let text = format!("{what}\nThis one-time password is shown now and never again.\n{how}");
        return Ok(Printout::secret(work, json, password, &text));
    }
    let Some(token) = &made.invitation else {
        return Ok(Printout::text(json, what.to_owned()));
    };
    let hours = work.context.settings.config.identity.invitation_h;
    let until = made.invited_until;
    let until = until.map_or_else(String::new, |until| format!(",\nuntil {}", moment(until)));
    let how = how::accept_invitation(&base);
    let text = format!(
        "{what}\nThis invitation is shown now and never again. It works once, for {hours} h{until}.\n\n{how}"
    );
    Ok(Printout::secret(work, json, token, &text))
}
