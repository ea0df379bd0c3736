//! `probity key create`.

use clap::Args;
use domain::identity::permission::Scope;
use engine::identity::NewApiKey;
use evidence::Timestamp;
use views::ApiKeyMade;

use super::made;
use crate::account;
use crate::context::{caller, origin};
use crate::failure::Failure;
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
    /// Its owner, whose role bounds it; admin unless given
    #[arg(long, value_name = "USERNAME")]
    user: Option<String>,
    /// The agent that it is for, whose owner is its owner: it acts as the agent
    #[arg(long, value_name = "NAME", conflicts_with = "user")]
    agent: Option<String>,
    /// From when it is no longer good: 90d, 12h, a date or a time; never unless given
    #[arg(long, value_name = "TIME", value_parser = parse::future)]
    expires: Option<Timestamp>,
    /// Most requests in a minute; limits.key_requests_per_minute of the settings unless given
    #[arg(long, value_name = "N")]
    requests_per_minute: Option<i64>,
}

fn scope(text: &str) -> Result<Scope, String> {
    Scope::read("scopes", text.trim()).map_err(|error| error.message)
}

impl Verb for CreateArgs {
    async fn run(self, work: &Work<'_>) -> Result<Printout, Failure> {
        let agent = match &self.agent {
            Some(name) => Some(account::agent(work.engine, name).await?.row.id),
            None => None,
        };
        let owner = match agent {
            Some(agent) => work.engine.owner_of_agent(agent).await?,
            None => self.user.unwrap_or_else(|| "admin".to_owned()),
        };
        let new = NewApiKey {
            owner,
            agent,
            name: self.name,
            scopes: self.scopes,
            expires_at: self.expires,
            requests_per_minute: self.requests_per_minute,
        };
        let created = work.engine.create_api_key(&caller(), origin(), new).await?;
        let key = ApiKeyMade::of(work.engine, created, None).await?;
        let limit = key.api_key.requests_per_minute;
        let limit = limit.map(|limit| ("Limit", format!("{limit} requests a minute")));
        let use_it = format!("Send it as:  Authorization: Bearer {}…", key.api_key.shown);
        made(work, &key, limit.as_slice(), &use_it)
    }
}
