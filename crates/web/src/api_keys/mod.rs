//! API keys: a file per verb, and what they share.

pub(crate) mod create;
pub(crate) mod list;
pub(crate) mod revoke;
pub(crate) mod rotate;
pub(crate) mod show;

use domain::code;
use domain::identity::api_key::ApiKey;
use domain::identity::{Permission, Scope};
use engine::identity::ReadKey;
use evidence::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use uuid::Uuid;

use crate::call::Call;
use crate::openapi::Parameter;
use crate::problem::Problem;

/// The key in the path.
const PATH: &[Parameter] = &[Parameter::path(
    "id",
    "The key's id.",
    r#"{"type":"string","format":"uuid","examples":["01970000-0000-7000-8000-0000000000aa"]}"#,
)];

const UNKNOWN: (&str, &str, &str) = ("404", "unknown_api_key", "there is no such key");

/// An example of a key.
macro_rules! example {
    () => {
        r#"{"id":"01970000-0000-7000-8000-0000000000aa","name":"shop","owner":"ann","user_id":"01970000-0000-7000-8000-0000000000ab","shown":"prb_4fGh2k","scopes":["read","write"],"requests_per_minute":600,"created_at":"2026-11-20T08:00:00.000000Z","expires_at":"2027-02-18T08:00:00.000000Z","revoked_at":null,"successor":null,"version":1}"#
    };
}
pub(crate) use example;

/// An API key.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "ApiKey")]
struct KeyBody<'a> {
    id: Uuid,
    name: &'a str,
    /// User name of the owner, whose role bounds the key.
    owner: &'a str,
    user_id: Uuid,
    /// The first characters of the key, to recognise it by.
    shown: &'a str,
    #[schemars(with = "Vec<Scope>")]
    scopes: Vec<&'static str>,
    /// Its own quota; null for that of the installation.
    requests_per_minute: Option<i64>,
    created_at: Timestamp,
    expires_at: Option<Timestamp>,
    revoked_at: Option<Timestamp>,
    /// The key that took its place by rotation.
    successor: Option<Uuid>,
    version: u64,
}

impl KeyBody<'_> {
    fn of(read: &ReadKey) -> KeyBody<'_> {
        let ReadKey { key, version, owner } = read;
        KeyBody {
            id: key.id,
            name: &key.name,
            owner,
            user_id: key.user_id,
            shown: &key.shown,
            scopes: key.scopes.iter().map(|scope| scope.as_str()).collect(),
            requests_per_minute: key.requests_per_minute,
            created_at: key.created_at,
            expires_at: key.expires_at,
            revoked_at: key.revoked_at,
            successor: key.successor,
            version: *version,
        }
    }
}

fn unknown(id: Uuid) -> Problem {
    let message = format!("there is no API key {id}");
    let refusal = code::UNKNOWN_API_KEY.because(message).field("id");
    engine::Error::from(refusal).into()
}

/// The key of this id, if the caller may see it. Who may not see all keys learns of no one else's.
async fn visible(call: &Call, id: Uuid) -> Result<ReadKey, Problem> {
    let own = call.identity()?.user.id;
    let found = call.app.engine.api_key(id).await?;
    if found.as_ref().map(|read| read.key.user_id) != Some(own) {
        call.require(Permission::ApiKeysRead).await?;
    }
    found.ok_or_else(|| unknown(id))
}

/// A key that was just made, with its owner's name.
async fn with_owner(call: &Call, key: ApiKey) -> Result<ReadKey, Problem> {
    match call.app.engine.api_key(key.id).await? {
        Some(read) => Ok(read),
        None => Err(Problem::internal(&format_args!(
            "API key {} is not there",
            key.id
        ))),
    }
}
