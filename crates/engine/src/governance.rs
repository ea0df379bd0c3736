//! Looking at what governance is about.

use domain::code;
use domain::governance::Agent;
use domain::record::{Kind, Sealed};
use uuid::Uuid;

use crate::engine::Engine;
use crate::error::Error;

impl Engine {
    /// The name of an agent's owner.
    pub async fn owner_of_agent(&self, agent: Uuid) -> Result<String, Error> {
        let owner = match self.row::<Agent>(agent).await? {
            Some(agent) => self.user(agent.row.user_id).await?,
            None => None,
        };
        let unknown = || code::UNKNOWN_AGENT.absent(format_args!("agent {agent}"), "agent");
        Ok(owner.ok_or_else(unknown)?.row.username)
    }

    /// The agent that a text means: an id or a name.
    pub async fn agent_meant(&self, text: &str) -> Result<Option<Sealed<Agent>>, Error> {
        match Uuid::try_parse(text) {
            Ok(id) => self.row(id).await,
            // No name has U+0000, which PostgreSQL takes in no text.
            Err(_) if text.contains('\0') => Ok(None),
            Err(_) => self.one("name", Kind::Text, text.into()).await,
        }
    }
}
