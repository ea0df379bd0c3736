//! The engine as everything in it sees it: what it was opened with, and what its parts share.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use domain::FieldError;
use domain::audit::Event;
use domain::audit::record_events::RecordEvents;
use domain::identity::Rules;
use domain::identity::token::{Token, TokenKind};
use evidence::Salt;
use store::Db;
use store::db::{Location, Settings};
use tlog::VerifierKey;
use tokio::sync::{OnceCell, watch as channel};

use crate::auth::Remembered;
use crate::clock::Clock;
use crate::continuity::{Halt, Known};
use crate::credentials::{HashPool, SecretBox};
use crate::custody::{Names, Newest};
use crate::error::Error;
use crate::leases::Leases;
use crate::limits::Limits;
use crate::metrics::{Counters, Metrics};
use crate::pages::Pages;
use crate::random;
use crate::seals::Seals;
use crate::search::Searches;
use crate::security_log::Sampler;
use crate::tail::Tail;
use crate::tiles::Tiles;
use crate::waits::Waits;
use crate::writer::Queue;
use crate::writes::Writes;

/// What an engine is opened with.
#[derive(Clone, Debug)]
pub struct Options {
    /// Database and pool.
    pub database: Settings,
    /// Folder of the signing key and the rollback guard.
    pub data_dir: PathBuf,
    /// Signing key as text (`PRIVATE+KEY+…`); otherwise the key file is used.
    pub signing_key: Option<String>,
    /// Name of the log, used when the log is made; the first line of its checkpoints.
    pub origin: Option<String>,
    /// Most entries that may wait for the Writer.
    pub queue_max: usize,
    /// Most entries in one batch.
    pub batch_entries_max: usize,
    /// Whether the rollback guard is kept.
    pub guard: bool,
    /// Roles, lifetimes and limits of identity.
    pub identity: IdentityOptions,
    /// The clock that entries get their time from; the process's own unless a test brings another.
    pub clock: Clock,
}

/// Roles, lifetimes and limits of identity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdentityOptions {
    /// Roles, and how long sessions and invitations last.
    pub rules: Arc<Rules>,
    /// Most requests in a minute of one user's sessions together; 0 for no limit.
    pub user_requests_per_minute: u64,
    /// Whether a user's API keys take from the same quota as its sessions, beside what limits each key.
    pub user_quota_includes_keys: bool,
    /// Most requests in a minute of an API key that was given no limit of its own; 0 for no limit.
    pub key_requests_per_minute: u64,
    /// Threads that hash passwords, of 19 MiB each; 0 for half as many as there are cores.
    pub hash_threads: usize,
}

impl Default for IdentityOptions {
    fn default() -> IdentityOptions {
        IdentityOptions {
            rules: Arc::default(),
            user_requests_per_minute: 1_200,
            user_quota_includes_keys: false,
            key_requests_per_minute: 0,
            hash_threads: 0,
        }
    }
}

impl Options {
    /// The usual options: 20,000 entries may wait, 4,096 make a batch, the guard is kept.
    pub fn new(data_dir: PathBuf, location: Location) -> Options {
        Options {
            database: Settings::new(location),
            data_dir,
            signing_key: None,
            origin: None,
            queue_max: 20_000,
            batch_entries_max: 4_096,
            guard: true,
            identity: IdentityOptions::default(),
            clock: Clock::system(),
        }
    }
}

/// What the engine's parts share.
pub(crate) struct Shared {
    pub options: Options,
    pub db: Db,
    pub known: Arc<Known>,
    pub size: channel::Sender<u64>,
    pub counters: Arc<Counters>,
    pub limits: Limits,
    pub hashes: HashPool,
    pub secrets: SecretBox,
    pub sampler: Sampler,
    pub writes: Arc<Writes>,
    pub seals: Arc<Seals>,
    /// Whether the log says which rules this process decides under.
    pub rules_recorded: OnceCell<()>,
    /// Up to which size of the log it says so.
    pub told: Arc<AtomicU64>,
    pub names: Names,
    pub remembered: Remembered,
    pub tiles: Tiles,
    pub tail: Tail,
    pub pages: Pages,
    pub newest: Newest,
    pub searches: Searches,
    pub waits: Arc<Waits>,
    pub leases: Leases,
}

impl Shared {
    /// Forgets what was read from the database: another state of it was taken over.
    pub fn forget(&self) {
        self.seals.forget();
        self.names.forget();
        self.remembered.forget_all();
        self.tiles.forget();
        self.tail.forget();
        self.pages.forget();
        self.newest.forget();
        self.told.store(0, Ordering::Relaxed);
    }
}

/// An open database with its Writer. Clones are the same engine.
#[derive(Clone)]
pub struct Engine {
    shared: Arc<Shared>,
    queue: Queue,
}

impl Engine {
    /// Checks events and makes them ready: bounds, ids, salts, canonical payloads.
    ///
    /// `list` says whether they came as a list, so that the field at fault is named with its position.
    pub fn prepare(&self, events: Vec<Event>, list: bool) -> Result<RecordEvents, FieldError> {
        const RANDOM: usize = 26;
        let mut random = vec![0; events.len() * RANDOM];
        random::fill(&mut random).map_err(|error| FieldError::new("id", error.to_string()))?;
        let now = random::now();
        let prepared = events
            .into_iter()
            .zip(random.chunks_exact(RANDOM))
            .enumerate()
            .map(|(position, (event, random))| {
                let (mut bits, mut salt) = ([0; 10], [0; 16]);
                bits.copy_from_slice(&random[..10]);
                salt.copy_from_slice(&random[10..]);
                event
                    .prepare(domain::context::uuid_v7(now, bits), Salt(salt))
                    .map_err(|error| {
                        if list {
                            error.within(&format!("[{position}]"))
                        } else {
                            error
                        }
                    })
            });
        Ok(RecordEvents {
            events: prepared.collect::<Result<_, _>>()?,
            list,
        })
    }

    /// A new token.
    pub fn new_token(kind: TokenKind) -> Result<Token, Error> {
        loop {
            if let Some(token) = Token::from_random(kind, &random::array::<64>()?) {
                return Ok(token);
            }
        }
    }

    /// The rules of identity in force.
    pub fn rules(&self) -> &Arc<Rules> {
        &self.shared.options.identity.rules
    }

    /// Rate limits and last-seen marks.
    pub fn limits(&self) -> &Limits {
        &self.shared.limits
    }

    /// Why nothing is written: the database's log does not continue the one that this process knows. None when it does.
    pub fn halt(&self) -> Option<Arc<Halt>> {
        self.shared.known.halt()
    }

    /// The key that checks the log's checkpoints.
    pub fn verifier_key(&self) -> &VerifierKey {
        self.shared.known.verifier()
    }

    /// The database.
    pub fn db(&self) -> &Db {
        &self.shared.db
    }

    /// The time by the engine's clock.
    pub fn now(&self) -> evidence::Timestamp {
        self.shared.options.clock.now()
    }

    /// What the engine was opened with.
    pub fn options(&self) -> &Options {
        &self.shared.options
    }

    pub(crate) fn queue(&self) -> &Queue {
        &self.queue
    }

    pub(crate) fn remembered(&self) -> &Remembered {
        &self.shared.remembered
    }

    pub(crate) fn shared(&self) -> &Shared {
        &self.shared
    }

    pub(crate) fn parts(&self) -> (Arc<Shared>, Queue) {
        (Arc::clone(&self.shared), self.queue.clone())
    }

    pub(crate) fn from_parts(shared: Arc<Shared>, queue: Queue) -> Engine {
        Engine { shared, queue }
    }

    /// Size of the log as last seen: own commits at once, other processes' within half a second.
    ///
    /// Copy the number out before awaiting anything: a borrow that is held keeps the Writer from reporting.
    pub fn size(&self) -> channel::Receiver<u64> {
        self.shared.size.subscribe()
    }

    /// The clock that entries get their time from.
    pub fn clock(&self) -> &Clock {
        &self.shared.options.clock
    }

    /// Whether the Writer lives: no answer where its thread hangs, false where it has ended, after which nothing is written.
    pub async fn writer_lives(&self) -> bool {
        self.queue.pulse().is_there().await
    }

    /// The numbers of the write path.
    pub fn metrics(&self) -> Metrics {
        let size = *self.shared.size.borrow();
        let pool = self.shared.db.pool_status();
        Metrics::read(
            &self.shared.counters,
            self.queue.waiting(),
            self.queue.entries_max(),
            size,
            self.halt().map(|halt| halt.fault),
            pool,
        )
    }
}
