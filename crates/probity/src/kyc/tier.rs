//! `probity kyc tier`.

use clap::Args;
use evidence::Timestamp;
use serde_json::json;

use crate::failure::Failure;
use crate::parse;
use crate::verb::{Printout, Verb, Work};

/// Arguments of `probity kyc tier`.
#[derive(Debug, Args)]
pub struct TierArgs {
    /// User name, id or e-mail address
    #[arg(value_name = "NAME")]
    user: String,
    /// At this time: 2026-11-21T08:30:00Z, 2026-11-21, or 7d ago
    #[arg(long, value_name = "TIME", value_parser = parse::past)]
    at: Option<Timestamp>,
}

impl Verb for TierArgs {
    async fn run(self, work: &Work<'_>) -> Result<Printout, Failure> {
        let user = work.user(&self.user).await?.row;
        let at = self.at.unwrap_or_else(parse::now);
        let tier = work.engine.tier_at(user.id, at).await?;
        let when = self.at.map_or_else(String::new, |at| format!(" at {at}"));
        let json = json!({ "user_id": user.id, "at": at.to_string(), "tier": tier });
        Ok(Printout::text(
            json,
            format!("{} has tier {tier}{when}", user.username),
        ))
    }
}
