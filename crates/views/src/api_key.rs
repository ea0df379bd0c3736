//! API keys.

use domain::code::{self, Code};
use domain::identity::api_key::ApiKey;
use domain::identity::token::Token;
use domain::identity::{Permission, Scope};
use domain::record::Sealed;
use engine::{Engine, Error};
use evidence::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use uuid::Uuid;

use crate::cell::{Cell, Columns, Elide, Titled, column, count, state};
use crate::example::{ANN, at, id};
use crate::filter::{Filter, Kind};
use crate::noun::{About, Found, Noun, Reads, Show, Shown};
use crate::rows;
use crate::rows::{Rows, leads, rows};
use crate::viewer::Viewer;

/// An API key.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "ApiKey")]
pub struct ApiKeyView {
    /// Its id.
    pub id: Uuid,
    /// Its name, for people.
    pub name: String,
    /// User name of the owner, whose role bounds the key.
    pub owner: String,
    /// Id of the owner.
    pub user: Uuid,
    /// The agent that it is for, which is the owner's; null for a key of the owner.
    pub agent: Option<Uuid>,
    /// The first characters of the key, to recognise it by.
    pub shown: String,
    /// What it is for.
    pub scopes: Vec<Scope>,
    /// Its own quota; null for that of the installation.
    pub requests_per_minute: Option<i64>,
    /// When it was made.
    pub created_at: Timestamp,
    /// From when it is no longer good.
    pub expires_at: Option<Timestamp>,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
    /// The key that took its place by rotation.
    pub successor: Option<Uuid>,
    /// Counts the changes; the same as in `ETag`.
    pub version: u64,
}

impl ApiKeyView {
    /// Shows a key.
    fn of(
        Sealed {
            row: key, version, ..
        }: Sealed<ApiKey>,
        owner: String,
    ) -> ApiKeyView {
        ApiKeyView {
            id: key.id,
            name: key.name,
            owner,
            user: key.user_id,
            agent: key.agent_id,
            shown: key.shown,
            scopes: key.scopes,
            requests_per_minute: key.requests_per_minute,
            created_at: key.created_at,
            expires_at: key.expires_at,
            revoked_at: key.revoked_at,
            successor: key.successor,
            version,
        }
    }

    /// The key of this id, of which it is known that there is one.
    pub async fn read(engine: &Engine, id: Uuid) -> Result<ApiKeyView, Error> {
        let missing = || Error::problem(format!("API key {id} is not there"), "probity audit verify");
        let row = engine.row::<ApiKey>(id).await?.ok_or_else(missing)?;
        let mut views = ApiKey::views(engine, Viewer::OPERATOR, vec![row]).await?;
        Ok(views.remove(0))
    }

    /// What it is for, in words.
    pub fn scopes(&self) -> String {
        let words: Vec<_> = self.scopes.iter().map(|scope| scope.as_str()).collect();
        words.join(" ")
    }

    /// Whether it can be used, and until when, in few words.
    fn state(&self) -> String {
        let now = engine::now();
        let rotated = self.successor.is_some();
        match (self.revoked_at, self.expires_at) {
            (Some(_), _) => "revoked".to_owned(),
            (None, Some(time)) if time <= now && rotated => "rotated".to_owned(),
            (None, Some(time)) if time <= now => "expired".to_owned(),
            (None, Some(time)) if rotated => format!("rotated, {}", left(time, now)),
            (None, Some(time)) => format!("until {}", time.to_string().get(..10).unwrap_or_default()),
            (None, None) => "active".to_owned(),
        }
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

impl Shown for ApiKeyView {
    fn example() -> ApiKeyView {
        ApiKeyView {
            id: id(0xaa),
            name: "shop".to_owned(),
            owner: "ann".to_owned(),
            user: ANN,
            agent: None,
            shown: "prb_4fGh2k".to_owned(),
            scopes: vec![Scope::Read, Scope::Write],
            requests_per_minute: Some(600),
            created_at: at(20, 8),
            expires_at: Some(at(110, 8)),
            revoked_at: None,
            successor: None,
            version: 1,
        }
    }
}

/// An API key that was just made.
#[derive(Serialize, JsonSchema)]
pub struct ApiKeyMade {
    /// The secret. Shown now and never again.
    pub key: String,
    /// What else there is to know of it.
    pub api_key: ApiKeyView,
    /// Of a rotation: the key in whose place it was put.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rotated: Option<Uuid>,
    /// Of a rotation: until when that one goes on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rotated_expires_at: Option<Timestamp>,
}

impl ApiKeyMade {
    /// Shows a key that was just made, in the place of another where one was `rotated`.
    pub async fn of(
        engine: &Engine,
        (key, token): (ApiKey, Token),
        rotated: Option<Uuid>,
    ) -> Result<ApiKeyMade, Error> {
        let old = match rotated {
            Some(id) => engine.row::<ApiKey>(id).await?,
            None => None,
        };
        Ok(ApiKeyMade {
            key: token.secret().to_owned(),
            api_key: ApiKeyView::read(engine, key.id).await?,
            rotated,
            rotated_expires_at: old.and_then(|old| old.row.expires_at),
        })
    }
}

impl Shown for ApiKeyMade {
    fn example() -> ApiKeyMade {
        ApiKeyMade {
            key: "prb_4fGh2k0000000000000000000000000AbCdEf".to_owned(),
            api_key: ApiKeyView::example(),
            rotated: None,
            rotated_expires_at: None,
        }
    }
}

/// An API key with what it may do and did.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct ApiKeyWhole {
    /// The key.
    #[serde(flatten)]
    pub key: ApiKeyView,
    /// Whether it can be used, and until when.
    pub state: String,
    /// The owner's role.
    pub user_role: Option<String>,
    /// Whether the owner is active.
    pub user_active: Option<bool>,
    /// What its owner's role and its scopes leave, while it is good.
    pub permissions: Vec<Permission>,
    /// Its quota of a minute, its own or that of the installation; null for none.
    pub requests_per_minute_in_force: Option<u64>,
    /// The quota that it shares with its owner's sessions and other keys; null for none.
    pub user_requests_per_minute_in_force: Option<u64>,
    /// A few seconds late.
    pub last_used_at: Option<Timestamp>,
    /// How many entries it wrote; 100,000 stands for so many or more.
    pub entries: u64,
}

impl Shown for ApiKeyWhole {
    fn example() -> ApiKeyWhole {
        ApiKeyWhole {
            key: ApiKeyView::example(),
            state: "until 2027-02-18".to_owned(),
            user_role: Some("developer".to_owned()),
            user_active: Some(true),
            permissions: vec![Permission::AuditRead, Permission::AuditWrite],
            requests_per_minute_in_force: Some(600),
            user_requests_per_minute_in_force: None,
            last_used_at: Some(at(21, 8)),
            entries: 4711,
        }
    }
}

impl Noun for ApiKey {
    type View = ApiKeyView;
    rows!();

    const NAMES: (&'static str, &'static str) = ("API key", "API keys");
    const KEY: &'static str = "api_keys";
    const TAG: &'static str = "api_keys";
    const COMMAND: &'static str = "key";
    const LIST: About = About {
        id: "list_api_keys",
        summary: "API keys, oldest first",
        description: "All keys for callers who hold `api_keys:read`, one's own for others; never a secret.",
    };
    const FILTERS: &'static [Filter] = &[Filter::new("user", "of this owner", Kind::User("user_id"))];
    const READ: Reads = Reads::OwnOr(Permission::ApiKeysOwn, Permission::ApiKeysRead, "user_id");
    const SHOWS_NAMES: bool = true;
    const COLUMNS: Columns<ApiKeyView> = &[
        (column("id", Elide::Never), |view| view.id.into()),
        (column("name", Elide::End), |view| (&view.name).into()),
        (column("owner", Elide::End), |view| (&view.owner).into()),
        (column("scopes", Elide::End), |view| view.scopes().into()),
        (column("state", Elide::Never), |view| state(view.state())),
    ];

    leads!();
}

impl Rows for ApiKey {
    async fn views(
        engine: &Engine,
        _: Viewer<'_>,
        rows: Vec<Sealed<ApiKey>>,
    ) -> Result<Vec<ApiKeyView>, Error> {
        let owners = engine
            .usernames(rows.iter().map(|sealed| sealed.row.user_id))
            .await?;
        let view = |sealed: Sealed<ApiKey>| {
            let owner = owners.get(&sealed.row.user_id).cloned().unwrap_or_default();
            ApiKeyView::of(sealed, owner)
        };
        Ok(rows.into_iter().map(view).collect())
    }
}

impl Show for ApiKey {
    type Whole = ApiKeyWhole;

    const SHOW: About = About {
        id: "show_api_key",
        summary: "One API key",
        description: "With what it may do, and what it did: `GET /v1/audit/entries?recorded_by=ID` lists the entries.",
    };
    const UNKNOWN: &'static Code = &code::UNKNOWN_API_KEY;
    const HIDDEN: bool = false;

    async fn find(engine: &Engine, viewer: Viewer<'_>, name: &str) -> Result<Found<ApiKey>, Error> {
        let Some(row) = rows::row::<ApiKey>(engine, viewer, name).await? else {
            return Ok(None);
        };
        let version = row.version;
        let owner = engine.user(row.row.user_id).await?.map(|owner| owner.row);
        let key = ApiKey::views(engine, viewer, vec![row]).await?.remove(0);
        let used = engine.api_key_use(key.id).await?;
        let of_role = owner
            .as_ref()
            .map(|owner| engine.rules().permissions(&owner.role).to_vec());
        let left = |permission: &Permission| {
            key.scopes
                .iter()
                .any(|scope| scope.permissions().contains(permission))
        };
        let limits = &engine.options().identity;
        let set = key
            .requests_per_minute
            .and_then(|limit| u64::try_from(limit).ok());
        let usual = Some(limits.key_requests_per_minute).filter(|limit| *limit > 0);
        let shared = limits.user_requests_per_minute;
        let whole = ApiKeyWhole {
            state: key.state(),
            user_role: owner.as_ref().map(|owner| owner.role.to_string()),
            user_active: owner.as_ref().map(|owner| owner.active),
            permissions: of_role.unwrap_or_default().into_iter().filter(left).collect(),
            requests_per_minute_in_force: set.or(usual),
            user_requests_per_minute_in_force: Some(shared)
                .filter(|shared| limits.user_quota_includes_keys && *shared > 0),
            last_used_at: used.last_used_at,
            entries: used.entries,
            key,
        };
        Ok(Some((whole, version)))
    }

    fn details(whole: &ApiKeyWhole) -> Vec<Titled> {
        let key = &whole.key;
        let owner = match (&whole.user_role, whole.user_active) {
            (Some(role), Some(false)) => format!("{} ({role}), disabled: the key is refused", key.owner),
            (Some(role), _) => format!("{} ({role})", key.owner),
            (None, _) => "unknown".to_owned(),
        };
        let words: Vec<_> = whole.permissions.iter().map(|one| one.as_str()).collect();
        let permissions = if words.is_empty() {
            "nothing: its owner's role and its scopes have none in common".to_owned()
        } else {
            words.join(" ")
        };
        let limit = whole
            .requests_per_minute_in_force
            .map_or("none".to_owned(), |limit| {
                let of_settings = key.requests_per_minute.is_none();
                let note = if of_settings { " (of the settings)" } else { "" };
                format!("{} requests a minute{note}", count(limit))
            });
        let shared = whole.user_requests_per_minute_in_force.map(|shared| {
            let limit = count(shared);
            format!("{limit} requests a minute together with its owner's sessions and other keys")
        });
        let never = |time: Option<Timestamp>| time.map_or("never".into(), Into::into);
        vec![
            ("Id", key.id.into()),
            ("Name", (&key.name).into()),
            ("Begins", format!("{}…", key.shown).into()),
            ("Owner", owner.into()),
            ("State", state(&whole.state)),
            ("Scopes", key.scopes().into()),
            ("May", permissions.into()),
            ("Limit", limit.into()),
            ("Created", key.created_at.into()),
            ("Expires", never(key.expires_at)),
            ("Shares", shared.into()),
            ("Revoked", key.revoked_at.into()),
            ("Successor", key.successor.into()),
            ("Last used", never(whole.last_used_at)),
            ("Entries", count(whole.entries).into()),
            (
                "Did",
                Cell::Command(format!("probity audit list --recorded-by {}", key.id)),
            ),
        ]
    }

    fn hinders(whole: &ApiKeyWhole, _: Viewer<'_>, verb: &str) -> Option<String> {
        let key = &whole.key;
        let expired = key.expires_at.is_some_and(|time| time <= engine::now());
        match verb {
            "revoke" | "rotate" if key.revoked_at.is_some() => Some("the API key was revoked".to_owned()),
            "rotate" if expired => Some("the API key has expired".to_owned()),
            "rotate" => {
                let successor = key.successor?;
                Some(format!("the API key was rotated, to {successor}"))
            }
            _ => None,
        }
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
