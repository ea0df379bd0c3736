//! `probity user`: a file per verb.

mod active;
mod create;
mod erase;
mod import;
mod invite;
mod list;
mod password;
mod reset;
mod role;
mod show;
mod update;

use domain::identity::Role;
use domain::identity::user::User;
use engine::Answer;
use evidence::Timestamp;
use serde_json::{Value, json};

pub use crate::account::user as find;
use crate::output::plain;
use crate::verb::{Printout, verbs};

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
        Invite(invite::InviteArgs),
        /// List users, oldest first
        #[command(after_help = "Example:\n  probity user list --role admin --active")]
        List(list::ListArgs) => list::run,
        /// Show all that is known of a user, with sessions and API keys
        #[command(after_help = "Example:\n  probity user show ann@example.com")]
        Show(show::ShowArgs) => show::run,
        /// Change a user's name, e-mail address or full name
        #[command(after_help = "Example:\n  probity user update ann --full-name 'Ann Smith' --no-email")]
        Update(update::UpdateArgs),
        /// Give a user another role, effective at once
        #[command(after_help = "Example:\n  probity user role ann compliance")]
        Role(role::RoleArgs),
        /// Set a user's password, typed here by its user: twice on a terminal, else a line of input
        #[command(after_help = "Its sessions end.\n\nExample:\n  probity user password ann")]
        Password(password::PasswordArgs),
        /// Give a user a one-time password, printed once; its sessions end
        #[command(after_help = "Example:\n  probity user reset ann")]
        Reset(reset::ResetArgs) is reset::Reset::password,
        /// Let in a user who is locked out: one-time password, enabled, no second factor
        #[command(after_help = "Example:\n  probity user recover admin")]
        Recover(reset::ResetArgs) is reset::Reset::all,
        /// Disable a user: its sessions end, its keys are refused
        #[command(after_help = "Example:\n  probity user disable ann")]
        Disable(active::ActiveArgs) is active::Disable,
        /// Enable a disabled user
        #[command(after_help = "Example:\n  probity user enable ann")]
        Enable(active::ActiveArgs) is active::Enable,
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

/// A role's name as an option; whether there is such a role, the rules say.
pub fn parse_role(text: &str) -> Result<Role, String> {
    Role::parse(text).ok_or_else(|| "is no name of a role: see probity role list".to_owned())
}

/// What was done to a user, in a sentence or as the user now is.
fn printout(answer: &Answer<(User, u64)>, text: impl FnOnce(&User) -> String) -> Printout {
    let (user, version) = &answer.reply;
    Printout::text(as_json(user, *version), plain(&text(user)))
}

/// A user as JSON, without the password's hash.
pub fn as_json(user: &User, version: u64) -> Value {
    let time = |time: Option<Timestamp>| time.map(|time| time.to_string());
    json!({
        "id": user.id,
        "username": user.username,
        "email": user.email,
        "full_name": user.full_name,
        "role": user.role.as_str(),
        "active": user.active,
        "has_password": user.password_hash.is_some(),
        "password_temporary": user.password_temporary,
        "created_at": user.created_at.to_string(),
        "updated_at": user.updated_at.to_string(),
        "password_changed_at": time(user.password_changed_at),
        "erased_at": time(user.erased_at),
        "version": version,
    })
}

/// Whether the user can be used, in a word or two.
fn state(user: &User) -> &'static str {
    match user {
        user if user.erased_at.is_some() => "erased",
        user if !user.active => "disabled",
        user if user.password_hash.is_none() => "no password",
        _ => "active",
    }
}
