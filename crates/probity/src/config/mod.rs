//! Settings: what there is, and what is in force.
//!
//! Later wins: built-in defaults, the built-in file of the environment, `./config/ENV.toml`, `DATA_DIR/ENV.toml`,
//! environment variables, command-line options. `ENV` is `PROBITY_ENV`: development (default), test or production.

mod backup;
mod custody;
mod jobs;
mod layers;
mod load;
mod location;
mod policies;
mod prices;
mod retention;
mod roles;
mod rules;
mod secret;
mod workflows;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use domain::identity::Rules;

use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use backup::{Backup, Storage};
pub use custody::Custody;
pub use jobs::{Jobs, PROGRAM, Verify};
pub use load::{Loaded, load};
pub use policies::words as policy_words;
pub use prices::Governance;
pub use retention::{Audit, Keep};
pub use roles::RoleSettings;
pub use rules::RuleError;
pub use secret::signing_key;
pub use workflows::Workflows;

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
    /// What is kept of the steps of workflows.
    pub workflows: Workflows,
    /// What steps cost, and what is said to what is asked for.
    pub governance: Governance,
    /// Where backups are kept, and how long.
    pub backup: Backup,
    /// How object storages are reached.
    pub s3: Storage,
    /// What is kept of the audit log.
    pub audit: Audit,
    /// For how long payloads are kept, by action.
    #[serde(default)]
    pub retention: Vec<Keep>,
    /// When jobs are due.
    pub jobs: Jobs,
    /// How often the log is verified.
    pub verify: Verify,
    /// Roles of the installation's own, and what is added to built-in ones, by name.
    #[serde(default)]
    pub roles: BTreeMap<String, RoleSettings>,
}

/// A setting that files, variables and options set alike.
#[derive(Clone, Copy, Debug)]
pub struct Key {
    /// Path in the files.
    pub name: &'static str,
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

impl Key {
    /// Environment variables that set it, such as `PROBITY_LOG_LEVEL`; a later one wins.
    pub fn variables(&self) -> Vec<String> {
        let own = format!("PROBITY_{}", self.name.replace('.', "_").to_uppercase());
        match self.name {
            "database.url" => vec!["DATABASE_URL".to_owned(), own],
            "log.level" => vec![own, "PROBITY_LOG".to_owned()],
            _ => vec![own],
        }
    }
}

/// Makes a section of the settings. A setting is a line: its name, what it holds, and what goes without saying. What stands
/// after `with` is set by files alone.
macro_rules! section {
    (@type number($min:expr, $max:expr)) => { u64 };
    (@type switch) => { bool };
    (@type text($type:ty)) => { $type };
    (@kind number($min:expr, $max:expr)) => { Kind::Number($min, $max) };
    (@kind switch) => { Kind::Switch };
    (@kind text($type:ty)) => { Kind::Text };
    (
        $(#[$about:meta])* $section:ident in $path:literal $(with { $($(#[$lists:meta])* $list:ident: $item:ty;)* })?;
        $($(#[$says:meta])* $name:ident: $kind:ident $(($($of:tt)*))? = $usual:expr;)*
    ) => {
        $(#[$about])*
        #[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
        #[serde(deny_unknown_fields)]
        pub struct $section {
            $($(#[$says])* pub $name: section!(@type $kind $(($($of)*))?),)*
            $($($(#[$lists])* #[serde(default)] pub $list: $item,)*)?
        }

        impl Default for $section {
            fn default() -> $section {
                $section { $($name: $usual,)* $($($list: Default::default(),)*)? }
            }
        }

        impl $section {
            pub(super) const KEYS: &[Key] = &[$(Key {
                name: concat!($path, ".", stringify!($name)),
                kind: section!(@kind $kind $(($($of)*))?),
            }),*];
        }
    };
}
use section;

section! {
    /// Settings of the database.
    Database in "database";
    /// Where it is; `probity.db` in the data folder unless given.
    #[serde(skip_serializing_if = "Option::is_none")]
    url: text(Option<String>) = None;
    /// Most reading connections at once.
    pool_max: number(1, 1_000) = 30;
    /// How long a reader waits for a connection, in seconds.
    acquire_timeout_s: number(1, 3_600) = 30;
    /// Age at which a connection is replaced, in seconds.
    lifetime_max_s: number(1, 604_800) = 3_600;
    /// Whether the server brings the schema up to date when it starts.
    auto_migrate: switch = true;
    /// Whether the server seeds what is missing when it starts; not in production.
    auto_seed: switch = false;
}

section! {
    /// Settings of the log.
    Log in "log";
    /// `text` or `json`.
    format: text(LogFormat) = LogFormat::Text;
    /// Level, or levels by part: `info`, `warn,engine=debug`.
    level: text(String) = "info".into();
    /// Whether every SQL statement is a log line: its text, time and rows, never its values.
    sql: switch = false;
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

section! {
    /// Settings of the writer.
    Writer in "writer";
    /// Most entries that wait to be written; beyond, callers are told to come back.
    queue_max: number(1, 1_000_000) = 20_000;
    /// Most entries in one transaction.
    batch_entries_max: number(1, 100_000) = 4_096;
}

section! {
    /// Settings of HTTP.
    Http in "http";
    /// Longest request body, in bytes.
    body_bytes_max: number(1_024, 1 << 30) = 8 << 20;
    /// Whether entry bundles are served without a key, as a public log does.
    public_entries: switch = false;
    /// Proxies whose `X-Forwarded-For` and `X-Forwarded-Proto` are believed: addresses and networks, with commas between them.
    trusted_proxies: text(web::Proxies) = web::Proxies::default();
    /// Where callers find the server, for links; where it listens unless given.
    public_url: text(web::PublicUrl) = web::PublicUrl::default();
    /// Further names under which callers reach the server, for MCP: with commas between them. Addresses, `localhost` and the name in
    /// `public_url` are known.
    hosts: text(web::Hosts) = web::Hosts::default();
    /// File of the server's certificate, in PEM; none for plain HTTP.
    tls_cert: text(String) = String::new();
    /// File of its key.
    tls_key: text(String) = String::new();
    /// Whether other machines may be served without TLS in production.
    plaintext: switch = false;
}

impl Http {
    /// What the server speaks.
    pub fn scheme(&self) -> &'static str {
        if self.tls_cert.is_empty() { "http" } else { "https" }
    }
}

section! {
    /// Settings of identity.
    Identity in "identity";
    /// How long a session lasts without a request, in minutes.
    session_idle_m: number(1, 10_080) = 30;
    /// How long a session lasts at all, in hours.
    session_max_h: number(1, 8_760) = 12;
    /// How long an invitation can be accepted, in hours.
    invitation_h: number(1, 8_760) = 72;
    /// Threads that hash passwords; 0 for as many as there are cores.
    hash_threads: number(0, 256) = 0;
}

section! {
    /// Settings of rate limits.
    Limits in "limits";
    /// Most requests in a minute of one user's sessions together; 0 for no limit.
    user_requests_per_minute: number(0, 100_000_000) = 1_200;
    /// Whether a user's API keys take from that too.
    user_quota_includes_keys: switch = false;
    /// Most requests in a minute of an API key without a limit of its own; 0 for no limit.
    key_requests_per_minute: number(0, 100_000_000) = 0;
}

/// A number that lies where it must, or what is wrong with it.
fn between(value: u64, min: u64, max: u64) -> Result<u64, String> {
    let inside = (min..=max).contains(&value);
    inside
        .then_some(value)
        .ok_or_else(|| format!("is {value}: it must be {min} to {max}"))
}

/// Every setting, in the order in which `probity config` prints them.
pub fn keys() -> impl Iterator<Item = Key> {
    let of_its_own = |name| Key {
        name,
        kind: Kind::Text,
    };
    let sections = [
        Log::KEYS,
        Writer::KEYS,
        Http::KEYS,
        Identity::KEYS,
        Limits::KEYS,
        Custody::KEYS,
        Workflows::KEYS,
        Governance::KEYS,
        Backup::KEYS,
        Storage::KEYS,
        Audit::KEYS,
        Jobs::KEYS,
        Verify::KEYS,
    ];
    let first = std::iter::once(of_its_own("data_dir")).chain(Database::KEYS.iter().copied());
    first
        .chain([of_its_own("listen")])
        .chain(sections.into_iter().flatten().copied())
}

impl Default for Config {
    fn default() -> Config {
        Config {
            data_dir: PathBuf::from("./probity-data"),
            listen: "127.0.0.1:8080".into(),
            database: Database::default(),
            log: Log::default(),
            writer: Writer::default(),
            http: Http::default(),
            identity: Identity::default(),
            limits: Limits::default(),
            custody: Custody::default(),
            workflows: Workflows::default(),
            governance: Governance::default(),
            backup: Backup::default(),
            s3: Storage::default(),
            audit: Audit::default(),
            retention: Vec::new(),
            jobs: Jobs::default(),
            verify: Verify::default(),
            roles: BTreeMap::new(),
        }
    }
}

impl Config {
    /// The rules of identity, custody, workflows, retention and approvals.
    pub fn rules(&self) -> Result<Rules, RuleError> {
        let mut rules = roles::rules(&self.roles)?;
        rules.session_idle_s = seconds(self.identity.session_idle_m, 60);
        rules.session_max_s = seconds(self.identity.session_max_h, 3_600);
        rules.invitation_s = seconds(self.identity.invitation_h, 3_600);
        rules.custody = self.custody.rules()?;
        rules.workflows = self.workflows.rules()?;
        rules.workflows.prices = self.governance.prices()?;
        rules.retention = self.retention()?;
        rules.policies = self.policies()?;
        Ok(rules)
    }

    /// What files set by name: of roles and of single workflows.
    pub fn named_settings(&self) -> Vec<(String, Value)> {
        let mut found = self.workflow_settings();
        found.extend(self.role_settings());
        found
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
        options.signing_key = signing_key()?.map(|found| found.text);
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

/// A setting that cannot be taken.
fn wrong(message: impl Into<String>) -> Failure {
    Failure::could_not_run(
        "config",
        message,
        "every setting is described in config/example.toml",
    )
}
