//! `probity key rotate`.

use clap::Args;
use uuid::Uuid;
use views::ApiKeyMade;

use super::made;
use crate::context::{caller, origin};
use crate::failure::Failure;
use crate::output::moment;
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
        let rotated = work
            .engine
            .rotate_api_key(&caller(), origin(), self.id, self.overlap)
            .await?;
        let key = ApiKeyMade::of(work.engine, rotated, Some(self.id)).await?;
        let until = match key.rotated_expires_at {
            Some(until) if self.overlap > 0 => format!("works until {}", moment(until)),
            _ => "no longer works".to_owned(),
        };
        made(work, &key, &[], &format!("The old key, {},\n{until}.", self.id))
    }
}
