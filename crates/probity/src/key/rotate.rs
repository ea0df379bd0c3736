//! `probity key rotate`.

use clap::Args;
use uuid::Uuid;

use super::{as_json, secret};
use crate::context::{caller, origin};
use crate::failure::Failure;
use crate::output::{minute, plain};
use crate::parse;
use crate::verb::{Printout, Verb, Work};

/// Arguments of `probity key rotate`.
#[derive(Debug, Args)]
pub struct RotateArgs {
    /// The old key's id, as probity key list prints it
    id: Uuid,
    /// How long the old key goes on: 0s to 30d
    #[arg(long, default_value = "24h", value_name = "TIME", value_parser = parse::seconds)]
    overlap: i64,
}

impl Verb for RotateArgs {
    async fn run(self, work: &Work<'_>) -> Result<Printout, Failure> {
        let (key, token) = work
            .engine
            .rotate_api_key(&caller(), origin(), self.id, self.overlap)
            .await?;
        let old = work.engine.api_key(self.id).await?;
        let until = old.and_then(|old| old.key.expires_at);
        let mut json = as_json(work, &key).await?;
        json["key"] = token.secret().into();
        json["rotated"] = self.id.to_string().into();
        json["rotated_expires_at"] = until.map(|until| until.to_string()).into();
        let until = match until {
            Some(until) if self.overlap > 0 => format!("works until {} UTC", minute(until)),
            _ => "no longer works".to_owned(),
        };
        let expires = key
            .expires_at
            .map_or("never".to_owned(), |at| format!("{} UTC", minute(at)));
        let pairs = [
            ("Id", key.id.to_string()),
            ("Name", plain(&key.name)),
            ("Scopes", key.scopes_text()),
            ("Expires", expires),
        ];
        let old = format!("The old key, {},\n{until}.", self.id);
        Ok(Printout::text(json, secret(work, &token, &pairs, &old)))
    }
}
