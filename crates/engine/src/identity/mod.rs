//! Users, sessions and keys as a caller uses them: what a command cannot do itself, because it has no clock, no
//! randomness and no keys, is done here, and the rest handed to the Writer.
//!
//! [`login`] is the way in, [`throttle`] what slows guessing down; [`account`] is for one's own account, [`users`]
//! for those of others, [`keys`] for API keys, [`read`] for everything that only looks.

mod account;
mod approvals;
mod keys;
mod login;
mod read;
mod roles;
mod throttle;
mod users;

pub use account::Enrolment;
pub use keys::NewApiKey;
pub use login::{LogInRequest, LoggedIn};
pub(crate) use read::by_login;
pub use read::{KeyUse, UserState, key_called, key_shown, session_in_use, user_called};
pub use throttle::{ACCOUNT, ADDRESS, PAIR};
pub use users::{CreatedUser, ErasedUser, FirstCredential, NewUser, WouldErase};
