//! Sessions: which there are, and ending them.

pub(crate) mod end;
pub(crate) mod end_all;
pub(crate) mod list;

use domain::identity::session::Session;
use evidence::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use uuid::Uuid;

/// A session.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Session")]
pub(crate) struct SessionBody<'a> {
    id: Uuid,
    user_id: Uuid,
    /// Whether a second factor was used.
    second_factor: bool,
    ip: Option<&'a str>,
    user_agent: Option<&'a str>,
    created_at: Timestamp,
    expires_at: Timestamp,
    idle_expires_at: Timestamp,
}

impl SessionBody<'_> {
    /// Shows a session.
    pub fn of(session: &Session) -> SessionBody<'_> {
        SessionBody {
            id: session.id,
            user_id: session.user_id,
            second_factor: session.second_factor,
            ip: session.ip.as_deref(),
            user_agent: session.user_agent.as_deref(),
            created_at: session.created_at,
            expires_at: session.expires_at,
            idle_expires_at: session.idle_expires_at,
        }
    }
}
