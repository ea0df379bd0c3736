//! `probity key show`.

use clap::Args;
use domain::identity::user::User;
use domain::identity::{Permission, Rules};
use engine::identity::{KeyUse, ReadKey};
use serde_json::Value;
use uuid::Uuid;

use super::{read_as_json, state};
use crate::context::Context;
use crate::failure::{Exit, Failure};
use crate::output::{self, count, minute};
use crate::{parse, table};

/// Arguments of `probity key show`.
#[derive(Debug, Args)]
pub struct ShowArgs {
    /// The key's id, as probity key list prints it
    id: Uuid,
}

/// What is shown.
struct Known {
    read: ReadKey,
    owner: Option<User>,
    used: KeyUse,
    permissions: Vec<Permission>,
    /// Most requests in a minute, and whether the key itself says so; none for no limit.
    limit: Option<(u64, bool)>,
    /// How many requests a minute it shares with its owner's sessions and other keys.
    shared_limit: Option<u64>,
}

/// What the key may do: what its owner's role holds and its scopes leave.
fn permissions(rules: &Rules, owner: &User, read: &ReadKey) -> Vec<Permission> {
    let scopes = &read.key.scopes;
    let left = |permission: &Permission| {
        scopes
            .iter()
            .any(|scope| scope.permissions().contains(permission))
    };
    let held = rules.permissions(&owner.role).iter().copied();
    held.filter(left).collect()
}

pub async fn run(context: &Context, args: ShowArgs) -> Result<Exit, Failure> {
    context
        .with_engine(async |engine| {
            let read = engine.api_key(args.id).await?.ok_or_else(|| {
                let message = format!("there is no API key {}", args.id);
                Failure::no("unknown_api_key", message, "see what is there: probity key list")
            })?;
            let owner = engine.user(read.key.user_id).await?.map(|owner| owner.row);
            let set = read
                .key
                .requests_per_minute
                .and_then(|limit| u64::try_from(limit).ok());
            let limits = &engine.options().identity;
            let usual = limits.key_requests_per_minute;
            let usual = Some((usual, false)).filter(|_| usual > 0);
            let known = Known {
                permissions: owner
                    .as_ref()
                    .map(|owner| permissions(engine.rules(), owner, &read))
                    .unwrap_or_default(),
                used: engine.api_key_use(args.id).await?,
                shared_limit: Some(limits.user_requests_per_minute)
                    .filter(|shared| limits.user_quota_includes_keys && *shared > 0),
                limit: set.map(|limit| (limit, true)).or(usual),
                owner,
                read,
            };
            if context.json() {
                output::json(&json(&known))?;
            } else {
                output::line(&table::pairs(&pairs(&known), table::width()).join("\n"))?;
            }
            Ok(Exit::Ok)
        })
        .await
}

fn json(known: &Known) -> Value {
    let mut value = read_as_json(&known.read);
    value["state"] = state(&known.read.key, parse::now()).into();
    value["user_role"] = known.owner.as_ref().map(|owner| owner.role.as_str()).into();
    value["user_active"] = known.owner.as_ref().map(|owner| owner.active).into();
    value["permissions"] = known.permissions.iter().map(|one| one.as_str()).collect();
    value["requests_per_minute_in_force"] = known.limit.map(|(limit, _)| limit).into();
    value["user_requests_per_minute_in_force"] = known.shared_limit.into();
    value["last_used_at"] = known.used.last_used_at.map(|at| at.to_string()).into();
    value["entries"] = known.used.entries.into();
    value
}

fn pairs(known: &Known) -> Vec<(&'static str, String)> {
    let key = &known.read.key;
    let owner = match &known.owner {
        Some(owner) if !owner.active => {
            format!(
                "{} ({}), disabled: the key is refused",
                owner.username, owner.role
            )
        }
        Some(owner) => format!("{} ({})", owner.username, owner.role),
        None => "unknown".to_owned(),
    };
    let words: Vec<_> = known.permissions.iter().map(|one| one.as_str()).collect();
    let permissions = if words.is_empty() {
        "nothing: its owner's role and its scopes have none in common".to_owned()
    } else {
        words.join(" ")
    };
    let limit = match known.limit {
        None => "none".to_owned(),
        Some((limit, own)) => {
            let whose = if own { "" } else { " (of the settings)" };
            format!("{} requests a minute{whose}", count(limit))
        }
    };
    let mut pairs = vec![
        ("Id", key.id.to_string()),
        ("Name", key.name.clone()),
        ("Begins", format!("{}…", key.shown)),
        ("Owner", owner),
        ("State", state(key, parse::now())),
        ("Scopes", key.scopes_text()),
        ("May", permissions),
        ("Limit", limit),
        ("Created", minute(key.created_at)),
        ("Expires", key.expires_at.map_or("never".to_owned(), minute)),
    ];
    if let Some(shared) = known.shared_limit {
        let limit = count(shared);
        let limit = format!("{limit} requests a minute together with its owner's sessions and other keys");
        pairs.push(("Shares", limit));
    }
    if let Some(at) = key.revoked_at {
        pairs.push(("Revoked", minute(at)));
    }
    if let Some(successor) = key.successor {
        pairs.push(("Successor", successor.to_string()));
    }
    pairs.extend([
        (
            "Last used",
            known.used.last_used_at.map_or("never".to_owned(), minute),
        ),
        ("Entries", count(known.used.entries)),
        ("Did", format!("probity audit list --recorded-by {}", key.id)),
    ]);
    pairs
}
