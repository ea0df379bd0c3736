//! Users, sessions and keys as a caller uses them: what a command cannot do itself, because it has no clock, no
//! randomness and no keys, is done here, and the rest handed to the Writer.
//!
//! [`login`] is the way in, [`throttle`] what slows guessing down; [`account`] is for one's own account, [`users`]
//! for those of others, [`keys`] for API keys, [`read`] for everything that only looks.

mod account;
mod keys;
mod login;
mod read;
mod roles;
mod throttle;
mod users;

pub use account::Enrolment;
pub use keys::{NewApiKey, ReadKey};
pub use login::{LogInRequest, LoggedIn};
pub use read::{KeyUse, UserState};
pub use throttle::{ACCOUNT, ADDRESS, PAIR};
pub use users::{CreatedUser, ErasedUser, FirstCredential, NewUser};

use domain::Reply;
use domain::identity::user::User;

use crate::error::Error;
use crate::writer::Answer;

/// The user of an answer, and its version.
fn user_of(answer: Answer) -> Result<(User, u64), Error> {
    match answer.reply {
        Reply::User { user, version } => Ok((user, version)),
        other => Err(unexpected(&other)),
    }
}

fn unexpected(reply: &Reply) -> Error {
    Error::problem(
        format!("a command was answered with {reply:?}"),
        "report this as a bug",
    )
}
