//! `probity kyc tier`.

use clap::Args;
use evidence::Timestamp;
use serde_json::json;

use crate::context::Context;
use crate::failure::{Exit, Failure};
use crate::{output, parse, user};

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

/// Shows.
pub async fn run(context: &Context, args: TierArgs) -> Result<Exit, Failure> {
    context
        .with_engine(async |engine| {
            let user = user::find(engine, &args.user).await?.row;
            let at = args.at.unwrap_or_else(parse::now);
            let tier = engine.tier_at(user.id, at).await?;
            if context.json() {
                output::json(&json!({ "user_id": user.id, "at": at.to_string(), "tier": tier }))?;
            } else {
                let when = args.at.map_or_else(String::new, |at| format!(" at {at}"));
                output::line(&format!("{} has tier {tier}{when}", user.username))?;
            }
            Ok(Exit::Ok)
        })
        .await
}
