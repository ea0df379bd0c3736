//! `probity key revoke`.

use clap::Args;
use domain::{Command, Reply};
use uuid::Uuid;

use super::as_json;
use crate::context::{Context, caller, origin};
use crate::failure::{Exit, Failure};
use crate::output;
use domain::identity::api_key::RevokeApiKey;

/// Arguments of `probity key revoke`.
#[derive(Debug, Args)]
pub struct RevokeArgs {
    /// The key's id, as probity key list prints it
    id: Uuid,
}

/// Revokes.
pub async fn run(context: &Context, args: RevokeArgs) -> Result<Exit, Failure> {
    context
        .with_engine(async |engine| {
            let answer = engine
                .submit(
                    &caller(),
                    origin(),
                    Command::RevokeApiKey(RevokeApiKey { id: args.id }),
                )
                .await?;
            let Reply::ApiKey(key) = answer.reply else {
                return Err(Failure::could_not_run(
                    "problem",
                    "the log gave another answer than a key",
                    "report this as a bug",
                ));
            };
            if context.json() {
                output::json(&as_json(&key))?;
            } else {
                let already = if answer.entry.is_none() {
                    "had been revoked already"
                } else {
                    "is revoked"
                };
                output::line(&format!(
                    "Key {} ({}) {already}.",
                    key.id,
                    output::plain(&key.name)
                ))?;
            }
            Ok(Exit::Ok)
        })
        .await
}
