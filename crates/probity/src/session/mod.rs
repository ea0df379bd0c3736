//! `probity session`: a file per verb.

mod end;
mod list;

use std::collections::HashMap;

use domain::identity::session::Session;
use engine::Engine;
use evidence::Timestamp;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::failure::Failure;
use crate::output::minute;
use crate::table::{Column, Elide, column};
use crate::verb::verbs;

verbs! {
    /// What can be done about sessions.
    SessionCommand {
        /// List login sessions that can be used
        #[command(after_help = "Example:\n  probity session list --user ann")]
        List(list::ListArgs) => list::run,
        /// End a login session, or all of a user, at once
        #[command(after_help = "Example:\n  probity session end --user ann")]
        End(end::EndArgs),
    }
}

/// When sessions were last used.
pub type Seen = HashMap<Uuid, Timestamp>;

/// When these sessions were last used.
pub async fn seen(engine: &Engine, sessions: &[Session]) -> Result<Seen, Failure> {
    let mut seen = HashMap::new();
    for chunk in sessions.chunks(500) {
        let ids: Vec<Uuid> = chunk.iter().map(|session| session.id).collect();
        seen.extend(engine.sessions_seen(&ids).await?);
    }
    Ok(seen)
}

/// A session as JSON.
pub fn as_json(session: &Session, username: &str, seen: &Seen) -> Value {
    json!({
        "id": session.id,
        "user_id": session.user_id,
        "username": username,
        "second_factor": session.second_factor,
        "ip": session.ip,
        "user_agent": session.user_agent,
        "created_at": session.created_at.to_string(),
        "expires_at": session.expires_at.to_string(),
        "idle_expires_at": session.idle_expires_at.to_string(),
        "last_used_at": seen.get(&session.id).map(ToString::to_string),
    })
}

/// The columns of lists of sessions.
pub const COLUMNS: [Column; 4] = [
    column("id", Elide::Never),
    column("user", Elide::End),
    column("address", Elide::End),
    column("last used (UTC)", Elide::Never),
];

/// A session as a row.
pub fn row(session: &Session, username: &str, seen: &Seen) -> Vec<String> {
    let used = seen.get(&session.id).copied().unwrap_or(session.created_at);
    vec![
        session.id.to_string(),
        username.to_owned(),
        session.ip.clone().unwrap_or_default(),
        minute(used),
    ]
}
