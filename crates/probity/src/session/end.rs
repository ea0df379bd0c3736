//! `probity session end`.

use clap::Args;
use domain::Command;
use domain::identity::session::{EndSession, EndSessionsOf};
use serde_json::json;
use uuid::Uuid;

use crate::failure::Failure;
use crate::output::counted;
use crate::verb::{Printout, Verb, Work, recorded_note};

/// Arguments of `probity session end`.
#[derive(Debug, Args)]
#[group(id = "which", required = true, multiple = false, args = ["id", "user"])]
pub struct EndArgs {
    /// The session's id, as probity session list prints it
    id: Option<Uuid>,
    /// All sessions of this user: name, id or e-mail address
    #[arg(long, value_name = "NAME")]
    user: Option<String>,
}

impl Verb for EndArgs {
    async fn run(self, work: &Work<'_>) -> Result<Printout, Failure> {
        let command: Command = match (self.id, &self.user) {
            (Some(session), _) => EndSession { session }.into(),
            (None, user) => {
                let user = work.user(user.as_deref().unwrap_or_default()).await?.row.id;
                EndSessionsOf { user }.into()
            }
        };
        let answer = work.submit::<u64>(command).await?;
        let ended = answer.reply;
        let text = match (ended, self.user) {
            (0, None) => "This session had ended already.".to_owned(),
            (0, Some(_)) => "This user has no session to end.".to_owned(),
            _ => format!(
                "Ended {}{}.",
                counted(ended, "session", "sessions"),
                recorded_note(&answer)
            ),
        };
        Ok(Printout::text(
            json!({ "ended": ended, "entry": answer.entry }),
            text,
        ))
    }
}
