//! `probity key revoke`.

use clap::Args;
use domain::identity::api_key::{ApiKey, RevokeApiKey};
use uuid::Uuid;
use views::ApiKeyView;

use crate::failure::Failure;
use crate::output::plain;
use crate::verb::{Printout, Verb, Work, json};

/// Arguments of `probity key revoke`.
#[derive(Debug, Args)]
pub struct RevokeArgs {
    /// The key's id, as probity key list prints it
    id: Uuid,
}

impl Verb for RevokeArgs {
    async fn run(self, work: &Work<'_>) -> Result<Printout, Failure> {
        let answer = work.submit::<ApiKey>(RevokeApiKey { id: self.id }).await?;
        let key = &answer.reply;
        let revoked = match answer.entry {
            Some(_) => "is revoked",
            None => "had been revoked already",
        };
        let text = format!("Key {} ({}) {revoked}.", key.id, plain(&key.name));
        Ok(Printout::text(
            json(&ApiKeyView::read(work.engine, key.id).await?)?,
            text,
        ))
    }
}
