//! `probity session end`.

use clap::Args;
use domain::Reply;
use domain::identity::session::{EndSession, EndSessionsOf};
use serde_json::json;
use uuid::Uuid;

use crate::context::{Context, caller, origin};
use crate::failure::{Exit, Failure};
use crate::output::{self, counted};
use crate::user;

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

/// Ends.
pub async fn run(context: &Context, args: EndArgs) -> Result<Exit, Failure> {
    context
        .with_engine(async |engine| {
            let command = match (args.id, &args.user) {
                (Some(session), _) => EndSession { session }.into(),
                (None, user) => {
                    let user = user.as_deref().unwrap_or_default();
                    let user = user::find(engine, user).await?.row.id;
                    EndSessionsOf { user }.into()
                }
            };
            let answer = engine.submit(&caller(), origin(), command).await?;
            let ended = if let Reply::Ended(count) = answer.reply {
                count
            } else {
                0
            };
            if context.json() {
                output::json(&json!({ "ended": ended, "entry": answer.entry }))?;
            } else {
                let recorded = answer
                    .entry
                    .map_or(String::new(), |entry| format!(", recorded as entry {entry}"));
                output::line(&match (ended, args.user) {
                    (0, None) => "This session had ended already.".to_owned(),
                    (0, Some(_)) => "This user has no session to end.".to_owned(),
                    _ => format!("Ended {}{recorded}.", counted(ended, "session", "sessions")),
                })?;
            }
            Ok(Exit::Ok)
        })
        .await
}
