//! Settings: what there is, and what is in force.
//!
//! Later wins: built-in defaults, the built-in file of the environment, `./config/ENV.toml`, `DATA_DIR/ENV.toml`,
//! environment variables, command-line options. `ENV` is `PROBITY_ENV`: development (default), test or production.

mod custody;
mod layers;
mod load;
pub mod location;
mod roles;
mod rules;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use domain::identity::Rules;

use serde::{Deserialize, Serialize};

pub use custody::Custody;
pub use load::{Loaded, load};
pub use roles::RoleSettings;
pub use rules::RuleError;

use crate::failure::Failure;

/// Every setting.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Folder of the signing key, the rollback guard and the SQLite database.
    pub data_dir: PathBuf,
    /// Address and port to serve on.
    pub listen: String,
    /// Database.
    pub database: Database,
    /// Log.
    pub log: Log,
    /// The one writer of the process.
    pub writer: Writer,
    /// HTTP.
    pub http: Http,
    /// How long credentials last, and what hashing passwords may take.
    pub identity: Identity,
    /// How much callers may ask.
    pub limits: Limits,
    /// Rules of custody and approvals.
    pub custody: Custody,
    /// Roles of the installation's own, and what is added to built-in ones, by name.
    #[serde(default)]
    pub roles: BTreeMap<String, RoleSettings>,
}

/// Settings of the database.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Database {
    /// Where it is; `probity.db` in the data folder unless given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Most reading connections at once.
    pub pool_max: u64,
    /// How long a reader waits for a connection, in seconds.
    pub acquire_timeout_s: u64,
    /// Age at which a connection is replaced, in seconds.
    pub lifetime_max_s: u64,
    /// Whether the server brings the schema up to date when it starts.
    pub auto_migrate: bool,
}

/// Settings of the log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Log {
    /// `text` or `json`.
    pub format: LogFormat,
    /// Level, or levels by part: `info`, `warn,engine=debug`.
    pub level: String,
    /// Whether every SQL statement is a log line: its text, time and rows, never its values.
    pub sql: bool,
}

/// How log lines look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// Settings of the writer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Writer {
    /// Most entries that wait to be written; beyond, callers are told to come back.
    pub queue_max: u64,
    /// Most entries in one transaction.
    pub batch_entries_max: u64,
}

/// Settings of HTTP.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Http {
    /// Longest request body, in bytes.
    pub body_bytes_max: u64,
    /// Whether entry bundles are served without a key, as a public log does.
    pub public_entries: bool,
    /// Whether the last address of `X-Forwarded-For` is the caller's: only behind a proxy that sets it.
    pub trusted_proxy: bool,
}

/// Settings of identity.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Identity {
    /// How long a session lasts without a request, in minutes.
    pub session_idle_m: u64,
    /// How long a session lasts at all, in hours.
    pub session_max_h: u64,
    /// How long an invitation can be accepted, in hours.
    pub invitation_h: u64,
    /// Threads that hash passwords; 0 for as many as there are cores.
    pub hash_threads: u64,
}

/// Settings of rate limits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// Most requests in a minute of one user's sessions together; 0 for no limit.
    pub user_requests_per_minute: u64,
    /// Whether a user's API keys take from that too.
    pub user_quota_includes_keys: bool,
    /// Most requests in a minute of an API key without a limit of its own; 0 for no limit.
    pub key_requests_per_minute: u64,
}

/// A setting's name and the variable that sets it.
#[derive(Clone, Copy, Debug)]
pub struct Key {
    /// Path in the files.
    pub name: &'static str,
    /// Environment variables that set it; a later one wins.
    pub variables: &'static [&'static str],
    /// What it holds.
    pub kind: Kind,
}

/// What a setting holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A text.
    Text,
    /// A number between two others.
    Number(u64, u64),
    /// `true` or `false`.
    Switch,
}

const fn text(name: &'static str, variables: &'static [&'static str]) -> Key {
    Key {
        name,
        variables,
        kind: Kind::Text,
    }
}

const fn number(name: &'static str, variables: &'static [&'static str], min: u64, max: u64) -> Key {
    Key {
        name,
        variables,
        kind: Kind::Number(min, max),
    }
}

const fn switch(name: &'static str, variables: &'static [&'static str]) -> Key {
    Key {
        name,
        variables,
        kind: Kind::Switch,
    }
}

/// Every setting, in the order in which `probity config` prints them.
pub const KEYS: &[Key] = &[
    text("data_dir", &["PROBITY_DATA_DIR"]),
    text("database.url", &["DATABASE_URL", "PROBITY_DATABASE_URL"]),
    number("database.pool_max", &["PROBITY_DATABASE_POOL_MAX"], 1, 1_000),
    number(
        "database.acquire_timeout_s",
        &["PROBITY_DATABASE_ACQUIRE_TIMEOUT_S"],
        1,
        3_600,
    ),
    number(
        "database.lifetime_max_s",
        &["PROBITY_DATABASE_LIFETIME_MAX_S"],
        1,
        604_800,
    ),
    switch("database.auto_migrate", &["PROBITY_DATABASE_AUTO_MIGRATE"]),
    text("listen", &["PROBITY_LISTEN"]),
    text("log.format", &["PROBITY_LOG_FORMAT"]),
    text("log.level", &["PROBITY_LOG_LEVEL", "PROBITY_LOG"]),
    switch("log.sql", &["PROBITY_LOG_SQL"]),
    number("writer.queue_max", &["PROBITY_WRITER_QUEUE_MAX"], 1, 1_000_000),
    number(
        "writer.batch_entries_max",
        &["PROBITY_WRITER_BATCH_ENTRIES_MAX"],
        1,
        100_000,
    ),
    number(
        "http.body_bytes_max",
        &["PROBITY_HTTP_BODY_BYTES_MAX"],
        1_024,
        1 << 30,
    ),
    switch("http.public_entries", &["PROBITY_HTTP_PUBLIC_ENTRIES"]),
    switch("http.trusted_proxy", &["PROBITY_HTTP_TRUSTED_PROXY"]),
    number(
        "identity.session_idle_m",
        &["PROBITY_IDENTITY_SESSION_IDLE_M"],
        1,
        10_080,
    ),
    number(
        "identity.session_max_h",
        &["PROBITY_IDENTITY_SESSION_MAX_H"],
        1,
        8_760,
    ),
    number(
        "identity.invitation_h",
        &["PROBITY_IDENTITY_INVITATION_H"],
        1,
        8_760,
    ),
    number(
        "identity.hash_threads",
        &["PROBITY_IDENTITY_HASH_THREADS"],
        0,
        256,
    ),
    number(
        "limits.user_requests_per_minute",
        &["PROBITY_LIMITS_USER_REQUESTS_PER_MINUTE"],
        0,
        100_000_000,
    ),
    switch(
        "limits.user_quota_includes_keys",
        &["PROBITY_LIMITS_USER_QUOTA_INCLUDES_KEYS"],
    ),
    number(
        "limits.key_requests_per_minute",
        &["PROBITY_LIMITS_KEY_REQUESTS_PER_MINUTE"],
        0,
        100_000_000,
    ),
    number(
        "custody.destination_cooling_off_h",
        &["PROBITY_CUSTODY_DESTINATION_COOLING_OFF_H"],
        0,
        8_760,
    ),
    number(
        "custody.approval_expires_h",
        &["PROBITY_CUSTODY_APPROVAL_EXPIRES_H"],
        1,
        8_760,
    ),
    number(
        "custody.kyc_expires_d",
        &["PROBITY_CUSTODY_KYC_EXPIRES_D"],
        1,
        3_650,
    ),
];

impl Config {
    /// What holds where nobody says otherwise.
    pub fn defaults() -> Config {
        Config {
            data_dir: PathBuf::from("./probity-data"),
            listen: "127.0.0.1:8080".into(),
            database: Database {
                url: None,
                pool_max: 30,
                acquire_timeout_s: 30,
                lifetime_max_s: 3_600,
                auto_migrate: true,
            },
            log: Log {
                format: LogFormat::Text,
                level: "info".into(),
                sql: false,
            },
            writer: Writer {
                queue_max: 20_000,
                batch_entries_max: 4_096,
            },
            http: Http {
                body_bytes_max: 8 << 20,
                public_entries: false,
                trusted_proxy: false,
            },
            identity: Identity {
                session_idle_m: 30,
                session_max_h: 12,
                invitation_h: 72,
                hash_threads: 0,
            },
            limits: Limits {
                user_requests_per_minute: 1_200,
                user_quota_includes_keys: false,
                key_requests_per_minute: 0,
            },
            custody: Custody::default(),
            roles: BTreeMap::new(),
        }
    }

    /// The rules of identity and custody.
    pub fn rules(&self) -> Result<Rules, RuleError> {
        let mut rules = roles::rules(&self.roles)?;
        rules.session_idle_s = seconds(self.identity.session_idle_m, 60);
        rules.session_max_s = seconds(self.identity.session_max_h, 3_600);
        rules.invitation_s = seconds(self.identity.invitation_h, 3_600);
        rules.custody = self.custody.rules()?;
        Ok(rules)
    }

    /// Where the database is.
    pub fn location(&self) -> Result<store::db::Location, Failure> {
        match &self.database.url {
            Some(url) => location::parse(url),
            None => Ok(store::db::Location::Sqlite(self.data_dir.join("probity.db"))),
        }
    }

    /// What the engine needs.
    pub fn engine_options(&self) -> Result<engine::Options, Failure> {
        let duration = std::time::Duration::from_secs;
        let mut options = engine::Options::new(self.data_dir.clone(), self.location()?);
        options.database.pool_max = size(self.database.pool_max);
        options.database.acquire_timeout = duration(self.database.acquire_timeout_s);
        options.database.lifetime_max = duration(self.database.lifetime_max_s);
        options.queue_max = size(self.writer.queue_max);
        options.batch_entries_max = size(self.writer.batch_entries_max);
        options.signing_key = variable("PROBITY_SIGNING_KEY");
        let rules = self.rules().map_err(|error| error.failure("settings"))?;
        options.identity.rules = Arc::new(rules);
        options.identity.user_requests_per_minute = self.limits.user_requests_per_minute;
        options.identity.user_quota_includes_keys = self.limits.user_quota_includes_keys;
        options.identity.key_requests_per_minute = self.limits.key_requests_per_minute;
        if self.identity.hash_threads > 0 {
            options.identity.hash_threads = size(self.identity.hash_threads);
        }
        Ok(options)
    }
}

/// Bounds keep every number far below any machine's `usize`.
pub fn size(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

/// So many units in seconds; bounds keep it far below any overflow.
fn seconds(number: u64, unit: u32) -> i64 {
    i64::try_from(number).map_or(i64::MAX, |number| number.saturating_mul(i64::from(unit)))
}

/// Set, and not to nothing.
pub fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}
