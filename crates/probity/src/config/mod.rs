//! Settings: what there is, and what is in force.
//!
//! Later wins: built-in defaults, the built-in file of the environment, `./config/ENV.toml`, `DATA_DIR/ENV.toml`,
//! environment variables, command-line options. `ENV` is `PROBITY_ENV`: development (default), test or production.

mod layers;
mod load;
pub mod location;

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

pub use load::{Loaded, load};

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
}

/// Settings of the log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Log {
    /// `text` or `json`.
    pub format: LogFormat,
    /// Level, or levels by part: `info`, `warn,engine=debug`.
    pub level: String,
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
    text("listen", &["PROBITY_LISTEN"]),
    text("log.format", &["PROBITY_LOG_FORMAT"]),
    text("log.level", &["PROBITY_LOG_LEVEL", "PROBITY_LOG"]),
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
            },
            log: Log {
                format: LogFormat::Text,
                level: "info".into(),
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
        }
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
        let seconds = std::time::Duration::from_secs;
        let mut options = engine::Options::new(self.data_dir.clone(), self.location()?);
        options.database.pool_max = size(self.database.pool_max);
        options.database.acquire_timeout = seconds(self.database.acquire_timeout_s);
        options.database.lifetime_max = seconds(self.database.lifetime_max_s);
        options.queue_max = size(self.writer.queue_max);
        options.batch_entries_max = size(self.writer.batch_entries_max);
        options.signing_key = variable("PROBITY_SIGNING_KEY");
        Ok(options)
    }
}

/// Bounds keep every number far below any machine's `usize`.
pub fn size(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

/// Set, and not to nothing.
pub fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}
