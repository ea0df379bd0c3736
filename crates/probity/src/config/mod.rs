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
    /// Where the database is, and its connections.
    pub database: Database,
    /// Log lines.
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

/// A setting that files, variables and options set alike.
#[derive(Clone, Copy, Debug)]
pub struct Key {
    /// Path in the files.
    pub name: &'static str,
    /// What it holds.
    pub kind: Kind,
    /// A variable that sets it beside its own, and whether that one wins.
    other: Option<(&'static str, bool)>,
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

impl Key {
    const fn text(name: &'static str) -> Key {
        Key {
            name,
            kind: Kind::Text,
            other: None,
        }
    }

    const fn number(name: &'static str, min: u64, max: u64) -> Key {
        Key {
            kind: Kind::Number(min, max),
            ..Key::text(name)
        }
    }

    const fn switch(name: &'static str) -> Key {
        Key {
            kind: Kind::Switch,
            ..Key::text(name)
        }
    }

    /// Environment variables that set it, such as `PROBITY_LOG_LEVEL`; a later one wins.
    pub fn variables(&self) -> Vec<String> {
        let own = format!("PROBITY_{}", self.name.replace('.', "_").to_uppercase());
        match self.other {
            None => vec![own],
            Some((other, true)) => vec![own, other.to_owned()],
            Some((other, false)) => vec![other.to_owned(), own],
        }
    }
}

/// A number that lies where it must, or what is wrong with it.
fn between(value: u64, min: u64, max: u64) -> Result<u64, String> {
    let inside = (min..=max).contains(&value);
    inside
        .then_some(value)
        .ok_or_else(|| format!("is {value}: it must be {min} to {max}"))
}

/// Every setting, in the order in which `probity config` prints them.
pub const KEYS: &[Key] = &[
    Key::text("data_dir"),
    Key {
        other: Some(("DATABASE_URL", false)),
        ..Key::text("database.url")
    },
    Key::number("database.pool_max", 1, 1_000),
    Key::number("database.acquire_timeout_s", 1, 3_600),
    Key::number("database.lifetime_max_s", 1, 604_800),
    Key::switch("database.auto_migrate"),
    Key::text("listen"),
    Key::text("log.format"),
    Key {
        other: Some(("PROBITY_LOG", true)),
        ..Key::text("log.level")
    },
    Key::switch("log.sql"),
    Key::number("writer.queue_max", 1, 1_000_000),
    Key::number("writer.batch_entries_max", 1, 100_000),
    Key::number("http.body_bytes_max", 1_024, 1 << 30),
    Key::switch("http.public_entries"),
    Key::switch("http.trusted_proxy"),
    Key::number("identity.session_idle_m", 1, 10_080),
    Key::number("identity.session_max_h", 1, 8_760),
    Key::number("identity.invitation_h", 1, 8_760),
    Key::number("identity.hash_threads", 0, 256),
    Key::number("limits.user_requests_per_minute", 0, 100_000_000),
    Key::switch("limits.user_quota_includes_keys"),
    Key::number("limits.key_requests_per_minute", 0, 100_000_000),
    Key::number("custody.destination_cooling_off_h", 0, 8_760),
    Key::number("custody.approval_expires_h", 1, 8_760),
    Key::number("custody.kyc_expires_d", 1, 3_650),
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
    pub fn location(&self) -> Result<engine::database::Location, Failure> {
        match &self.database.url {
            Some(url) => location::parse(url),
            None => Ok(engine::database::Location::Sqlite(
                self.data_dir.join("probity.db"),
            )),
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
