//! `probity key create`.

use clap::Args;
use domain::identity::permission::Scope;
use engine::identity::NewApiKey;
use evidence::Timestamp;

use super::as_json;
use crate::context::{Context, caller, origin};
use crate::failure::{Exit, Failure};
use crate::{output, parse};

/// Arguments of `probity key create`.
#[derive(Debug, Args)]
pub struct CreateArgs {
    /// A name for people
    #[arg(long)]
    name: String,
    /// What it is for: read, write, admin, governance, workflows, custody
    #[arg(long, required = true, value_delimiter = ',', value_parser = scope, value_name = "SCOPE,…")]
    scopes: Vec<Scope>,
    /// Its owner, whose role bounds it
    #[arg(long, default_value = "admin", value_name = "USERNAME")]
    user: String,
    /// From when it is no longer good: 90d, 12h, a date or a time; never unless given
    #[arg(long, value_name = "TIME", value_parser = parse::future)]
    expires: Option<Timestamp>,
    /// Most requests in a minute; limits.key_requests_per_minute of the settings unless given
    #[arg(long, value_name = "N")]
    requests_per_minute: Option<i64>,
}

fn scope(text: &str) -> Result<Scope, String> {
    Scope::parse(text.trim()).ok_or_else(|| {
        let all: Vec<_> = Scope::ALL.iter().map(|scope| scope.as_str()).collect();
        format!("must be one of {}", all.join(", "))
    })
}

/// Creates.
pub async fn run(context: &Context, args: CreateArgs) -> Result<Exit, Failure> {
    context.with_engine(async |engine| {
    let new = NewApiKey {
        owner: args.user.clone(),
        name: args.name,
        scopes: args.scopes,
        expires_at: args.expires,
        requests_per_minute: args.requests_per_minute,
    };
    let (key, token) = engine.create_api_key(&caller(), origin(), new).await?;
    if context.json() {
        let mut value = as_json(&key);
        value["key"] = token.secret().into();
        value["user"] = args.user.into();
        output::json(&value)?;
    } else if context.global.quiet {
        output::line(token.secret())?;
    } else {
        let expires = key.expires_at.map_or("never".to_owned(), |time| time.to_string());
        let limit = key.requests_per_minute.map_or_else(String::new, |limit| {
            format!("\nLimit    {limit} requests a minute")
        });
        output::line(&format!(
            "{}\n\nThis secret is shown now and never again.\n\nId       {}\nName     {}\nOwner    {}\n\
             Scopes   {}\nExpires  {expires}{limit}\n\nSend it as:  Authorization: Bearer {}…",
            token.secret(),
            key.id,
            output::plain(&key.name),
            output::plain(&args.user),
            key.scopes_text(),
            key.shown,
        ))?;
    }
    Ok(Exit::Ok)
    }).await
}
