//! `probity session`: a file per verb.

mod end;

use views::Session;

use crate::nouns::{self, ListArgs};
use crate::verb::verbs;

verbs! {
    /// What can be done about sessions.
    SessionCommand {
        /// List login sessions that can be used
        #[command(after_help = "Example:\n  probity session list --user ann")]
        List(ListArgs<Session>) => nouns::list,
        /// End a login session, or all of a user, at once
        #[command(after_help = "Example:\n  probity session end --user ann")]
        End(end::EndArgs),
    }
}
