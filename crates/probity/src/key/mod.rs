//! `probity key`: a file per verb.

mod create;
mod list;
mod revoke;
mod rotate;
mod show;

use domain::identity::api_key::ApiKey;
use domain::identity::token::Token;
use engine::Engine;
use engine::identity::ReadKey;
use evidence::Timestamp;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::failure::Failure;
use crate::table::{Column, Elide, column};
use crate::verb::{Work, verbs};

verbs! {
    /// What can be done about API keys.
    KeyCommand {
        /// Create an API key; its secret is printed once
        #[command(after_help = "Example:\n  probity key create --name ci --scopes read,write --expires 90d")]
        Create(create::CreateArgs),
        /// List API keys, without their secrets
        #[command(after_help = "Example:\n  probity key list")]
        List(list::ListArgs) => list::run,
        /// Show what an API key may do and did
        #[command(after_help = "Example:\n  probity key show 0197a3c4-5e6f-7a8b-9c0d-1e2f3a4b5c6d")]
        Show(show::ShowArgs) => show::run,
        /// Put a new API key in the place of another, which goes on for a while
        #[command(
            after_help = "Example:\n  probity key rotate 0197a3c4-5e6f-7a8b-9c0d-1e2f3a4b5c6d --overlap 7d"
        )]
        Rotate(rotate::RotateArgs),
        /// Revoke an API key, at once and for ever
        #[command(after_help = "Example:\n  probity key revoke 0197a3c4-5e6f-7a8b-9c0d-1e2f3a4b5c6d")]
        Revoke(revoke::RevokeArgs),
    }
}

/// A secret with what is known of its key and what to do, or for scripts alone.
fn secret(work: &Work<'_>, token: &Token, pairs: &[(&str, String)], then: &str) -> String {
    if work.context.global.quiet {
        return token.secret().to_owned();
    }
    let pairs: Vec<_> = pairs
        .iter()
        .map(|(name, value)| format!("{name:<9}{value}"))
        .collect();
    format!(
        "{}\n\nThis secret is shown now and never again.\n\n{}\n\n{then}",
        token.secret(),
        pairs.join("\n"),
    )
}

/// A key as JSON, without its secret.
fn as_json(key: &ApiKey) -> Value {
    let time = |time: Option<Timestamp>| time.map(|time| time.to_string());
    let scopes: Vec<_> = key.scopes.iter().map(|scope| scope.as_str()).collect();
    json!({
        "id": key.id,
        "name": key.name,
        "user_id": key.user_id,
        "shown": key.shown,
        "scopes": scopes,
        "created_at": key.created_at.to_string(),
        "expires_at": time(key.expires_at),
        "revoked_at": time(key.revoked_at),
        "requests_per_minute": key.requests_per_minute,
        "successor": key.successor,
    })
}

/// The same with its owner's name.
pub fn read_as_json(read: &ReadKey) -> Value {
    let mut value = as_json(&read.key);
    value["user"] = read.owner.as_str().into();
    value
}

/// Keys that are read at once.
const CHUNK: u32 = 500;

/// Every key, or every key of an owner, oldest first.
pub async fn all(engine: &Engine, owner: Option<Uuid>) -> Result<Vec<ReadKey>, Failure> {
    let mut keys: Vec<ReadKey> = Vec::new();
    loop {
        let after = keys.last().map(|read| read.key.id);
        let page = engine.api_keys(owner, after, CHUNK).await?;
        let last = page.len() < CHUNK as usize;
        keys.extend(page);
        if last {
            return Ok(keys);
        }
    }
}

/// The columns of lists of keys.
pub const COLUMNS: [Column; 5] = [
    column("id", Elide::Never),
    column("name", Elide::End),
    column("owner", Elide::End),
    column("scopes", Elide::End),
    column("state", Elide::Never),
];

/// A key as a row.
pub fn row(read: &ReadKey, now: Timestamp) -> Vec<String> {
    let key = &read.key;
    vec![
        key.id.to_string(),
        key.name.clone(),
        read.owner.clone(),
        key.scopes_text(),
        state(key, now),
    ]
}

/// Whether a key can be used, and until when, in few words.
fn state(key: &ApiKey, now: Timestamp) -> String {
    let day = |time: Timestamp| time.to_string().get(..10).unwrap_or_default().to_owned();
    match (key.revoked_at, key.expires_at) {
        (Some(_), _) => "revoked".to_owned(),
        (None, Some(time)) if time <= now && key.successor.is_some() => "rotated".to_owned(),
        (None, Some(time)) if time <= now => "expired".to_owned(),
        (None, Some(time)) if key.successor.is_some() => format!("rotated, {}", left(time, now)),
        (None, Some(time)) => format!("until {}", day(time)),
        (None, None) => "active".to_owned(),
    }
}

/// How long it is until `time`, in the largest unit that fits.
fn left(time: Timestamp, now: Timestamp) -> String {
    let minutes = (time.micros() - now.micros()) / 60_000_000;
    match minutes {
        2_880.. => format!("{} d", minutes / 1_440),
        120.. => format!("{} h", minutes / 60),
        _ => format!("{} min", minutes.max(1)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_long_is_left() {
        let now = Timestamp::EPOCH;
        for (seconds, expected) in [
            (1, "1 min"),
            (3_600, "60 min"),
            (86_400, "24 h"),
            (172_799, "47 h"),
            (172_800, "2 d"),
        ] {
            assert_eq!(left(now.plus_seconds(seconds), now), expected);
        }
    }
}
