//! `probity key list`.

use domain::identity::api_key::ApiKey;
use evidence::Timestamp;
use serde_json::json;

use super::as_json;
use crate::context::Context;
use crate::failure::{Exit, Failure};
use crate::table::{self, Elide, column};
use crate::{output, parse};

/// Lists.
pub async fn run(context: &Context) -> Result<Exit, Failure> {
    let engine = context.open().await?;
    let keys: Vec<ApiKey> = engine
        .api_keys(None, None, u32::MAX)
        .await?
        .into_iter()
        .map(|read| read.key)
        .collect();
    if context.json() {
        let keys: Vec<_> = keys.iter().map(as_json).collect();
        output::json(&json!({ "keys": keys }))?;
    } else if keys.is_empty() {
        context.remark("There is no API key; make one with: probity key create --name ci --scopes read");
    } else {
        let now = parse::now();
        let rows: Vec<_> = keys.iter().map(|key| row(key, now)).collect();
        let columns = [
            column("id", Elide::Never),
            column("name", Elide::End),
            column("scopes", Elide::End),
            column("state", Elide::Never),
        ];
        output::line(&table::lines(&columns, &rows, table::width()).join("\n"))?;
    }
    engine.shutdown().await;
    Ok(Exit::Ok)
}

fn row(key: &ApiKey, now: Timestamp) -> Vec<String> {
    let day = |time: Timestamp| time.to_string().get(..10).unwrap_or_default().to_owned();
    let state = match (key.revoked_at, key.expires_at) {
        (Some(_), _) => "revoked".to_owned(),
        (None, Some(time)) if time <= now => "expired".to_owned(),
        (None, Some(time)) => format!("until {}", day(time)),
        (None, None) => "active".to_owned(),
    };
    vec![key.id.to_string(), key.name.clone(), key.scopes_text(), state]
}
