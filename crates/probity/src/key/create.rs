//! `probity key create`.

use clap::Args;
use domain::identity::permission::Scope;
use engine::identity::NewApiKey;
use evidence::Timestamp;

use super::{as_json, secret};
use crate::context::{caller, origin};
use crate::failure::Failure;
use crate::output::plain;
use crate::parse;
use crate::verb::{Printout, Verb, Work};

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

impl Verb for CreateArgs {
    async fn run(self, work: &Work<'_>) -> Result<Printout, Failure> {
        let new = NewApiKey {
            owner: self.user.clone(),
            name: self.name,
            scopes: self.scopes,
            expires_at: self.expires,
            requests_per_minute: self.requests_per_minute,
        };
        let (key, token) = work.engine.create_api_key(&caller(), origin(), new).await?;
        let mut json = as_json(work, &key).await?;
        json["key"] = token.secret().into();
        let mut pairs = vec![
            ("Id", key.id.to_string()),
            ("Name", plain(&key.name)),
            ("Owner", plain(&self.user)),
            ("Scopes", key.scopes_text()),
            (
                "Expires",
                key.expires_at.map_or("never".to_owned(), |time| time.to_string()),
            ),
        ];
        let limit = key
            .requests_per_minute
            .map(|limit| format!("{limit} requests a minute"));
        pairs.extend(limit.map(|limit| ("Limit", limit)));
        let use_it = format!("Send it as:  Authorization: Bearer {}…", key.shown);
        Ok(Printout::text(json, secret(work, &token, &pairs, &use_it)))
    }
}
