//! `probity key`: a file per verb.

mod create;
mod list;
mod revoke;

use clap::Subcommand;
use domain::identity::api_key::ApiKey;
use evidence::Timestamp;
use serde_json::{Value, json};

use crate::context::Context;
use crate::failure::{Exit, Failure};

/// The verbs.
#[derive(Debug, Subcommand)]
pub enum KeyCommand {
    /// Create an API key; its secret is printed once
    #[command(after_help = "Example:\n  probity key create --name ci --scopes read,write --expires 90d")]
    Create(create::CreateArgs),
    /// List API keys, without their secrets
    #[command(after_help = "Example:\n  probity key list")]
    List,
    /// Revoke an API key, at once and for ever
    #[command(after_help = "Example:\n  probity key revoke 0197a3c4-5e6f-7a8b-9c0d-1e2f3a4b5c6d")]
    Revoke(revoke::RevokeArgs),
}

/// Runs a verb.
pub async fn run(context: &Context, command: KeyCommand) -> Result<Exit, Failure> {
    match command {
        KeyCommand::Create(args) => create::run(context, args).await,
        KeyCommand::List => list::run(context).await,
        KeyCommand::Revoke(args) => revoke::run(context, args).await,
    }
}

/// A key as JSON, without its secret.
fn as_json(key: &ApiKey) -> Value {
    let time = |time: Option<Timestamp>| time.map(|time| time.to_string());
    let scopes: Vec<_> = key.scopes.iter().map(|scope| scope.as_str()).collect();
    json!({
        "id": key.id,
        "name": key.name,
        "user_id": key.user_id,
        "shown": key.shown,
        "scopes": scopes,
        "created_at": key.created_at.to_string(),
        "expires_at": time(key.expires_at),
        "revoked_at": time(key.revoked_at),
    })
}
