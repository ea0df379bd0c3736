//! `probity key rotate`.

use clap::Args;
use uuid::Uuid;

use super::as_json;
use crate::context::{Context, caller, origin};
use crate::failure::{Exit, Failure};
use crate::output::{self, minute, plain};
use crate::parse;

/// Arguments of `probity key rotate`.
#[derive(Debug, Args)]
pub struct RotateArgs {
    /// The old key's id, as probity key list prints it
    id: Uuid,
    /// How long the old key goes on: 0s to 30d
    #[arg(long, default_value = "24h", value_name = "TIME", value_parser = parse::seconds)]
    overlap: i64,
}

/// Rotates.
pub async fn run(context: &Context, args: RotateArgs) -> Result<Exit, Failure> {
    context.with_engine(async |engine| {
    let (key, token) = engine
        .rotate_api_key(&caller(), origin(), args.id, args.overlap)
        .await?;
    let old = engine.api_key(args.id).await?;
    let until = old.and_then(|old| old.key.expires_at);
    if context.json() {
        let mut value = as_json(&key);
        value["key"] = token.secret().into();
        value["rotated"] = args.id.to_string().into();
        value["rotated_expires_at"] = until.map(|until| until.to_string()).into();
        output::json(&value)?;
    } else if context.global.quiet {
        output::line(token.secret())?;
    } else {
        let until = match until {
            Some(until) if args.overlap > 0 => format!("works until {} UTC", minute(until)),
            _ => "no longer works".to_owned(),
        };
        let expires = key
            .expires_at
            .map_or("never".to_owned(), |at| format!("{} UTC", minute(at)));
        output::line(&format!(
            "{}\n\nThis secret is shown now and never again.\n\nId       {}\nName     {}\nScopes   {}\n\
             Expires  {expires}\n\nThe old key, {},\n{until}.",
            token.secret(),
            key.id,
            plain(&key.name),
            key.scopes_text(),
            args.id,
        ))?;
    }
    Ok(Exit::Ok)
    }).await
}
