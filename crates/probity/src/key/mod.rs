//! `probity key`: a file per verb.

mod create;
mod revoke;
mod rotate;

use domain::identity::token::Token;
use serde_json::Value;
use views::{ApiKey, ApiKeyView};

use crate::failure::Failure;
use crate::nouns::{self, ListArgs, ShowArgs};
use crate::verb::{Work, json, verbs};

verbs! {
    /// What can be done about API keys.
    KeyCommand {
        /// Create an API key; its secret is printed once
        #[command(after_help = "Example:\n  probity key create --name ci --scopes read,write --expires 90d")]
        Create(create::CreateArgs),
        /// List API keys, without their secrets
        #[command(after_help = "Example:\n  probity key list")]
        List(ListArgs<ApiKey>) => nouns::list,
        /// Show what an API key may do and did
        #[command(after_help = "Example:\n  probity key show 0197a3c4-5e6f-7a8b-9c0d-1e2f3a4b5c6d")]
        Show(ShowArgs<ApiKey>) => nouns::show,
        /// Put a new API key in the place of another, which goes on for a while
        #[command(
            after_help = "Example:\n  probity key rotate 0197a3c4-5e6f-7a8b-9c0d-1e2f3a4b5c6d --overlap 7d"
        )]
        Rotate(rotate::RotateArgs),
        /// Revoke an API key, at once and for ever
        #[command(after_help = "Example:\n  probity key revoke 0197a3c4-5e6f-7a8b-9c0d-1e2f3a4b5c6d")]
        Revoke(revoke::RevokeArgs),
    }
}

/// A secret with what is known of its key and what to do, or for scripts alone.
fn secret(work: &Work<'_>, token: &Token, pairs: &[(&str, String)], then: &str) -> String {
    if work.context.global.quiet {
        return token.secret().to_owned();
    }
    let pairs: Vec<_> = pairs
        .iter()
        .map(|(name, value)| format!("{name:<9}{value}"))
        .collect();
    format!(
        "{}\n\nThis secret is shown now and never again.\n\n{}\n\n{then}",
        token.secret(),
        pairs.join("\n"),
    )
}

/// A key as JSON, without its secret.
async fn as_json(work: &Work<'_>, key: &ApiKey) -> Result<Value, Failure> {
    let found = work.engine.api_key(key.id).await?;
    json(&found.map(ApiKeyView::of))
}
