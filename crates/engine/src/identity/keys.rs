//! API keys.

use domain::identity::api_key::{ApiKey, CreateApiKey, RotateApiKey};
use domain::identity::permission::Scope;
use domain::identity::token::{Token, TokenKind};
use domain::{Caller, Command, Origin};
use evidence::Timestamp;
use uuid::Uuid;

use crate::engine::Engine;
use crate::error::Error;

/// An API key to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewApiKey {
    /// User name of the owner.
    pub owner: String,
    /// The agent that it is for, whose owner that is.
    pub agent: Option<Uuid>,
    /// A name for people.
    pub name: String,
    /// What it is for.
    pub scopes: Vec<Scope>,
    /// From when it is no longer good.
    pub expires_at: Option<Timestamp>,
    /// Most requests in a minute.
    pub requests_per_minute: Option<i64>,
}

impl Engine {
    /// Makes an API key; its token is shown once.
    pub async fn create_api_key(
        &self,
        caller: &Caller,
        origin: Origin,
        new: NewApiKey,
    ) -> Result<(ApiKey, Token), Error> {
        let token = Engine::new_token(TokenKind::ApiKey)?;
        let command = CreateApiKey {
            owner: new.owner,
            agent: new.agent,
            name: new.name,
            scopes: new.scopes,
            expires_at: new.expires_at,
            requests_per_minute: new.requests_per_minute,
            shown: token.shown().to_owned(),
            hash: token.hash(),
        };
        let answer = self
            .submit_for(caller, origin, Command::CreateApiKey(command))
            .await?;
        Ok((answer.reply, token))
    }

    /// Puts a new key in the place of another, which goes on for `overlap_s` seconds.
    pub async fn rotate_api_key(
        &self,
        caller: &Caller,
        origin: Origin,
        id: Uuid,
        overlap_s: i64,
    ) -> Result<(ApiKey, Token), Error> {
        let token = Engine::new_token(TokenKind::ApiKey)?;
        let command = RotateApiKey {
            id,
            overlap_s,
            shown: token.shown().to_owned(),
            hash: token.hash(),
        };
        let answer = self
            .submit_for(caller, origin, Command::RotateApiKey(command))
            .await?;
        Ok((answer.reply, token))
    }
}
