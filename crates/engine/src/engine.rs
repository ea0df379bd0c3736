//! The engine: opening a database, and handing commands to its Writer.

use std::path::PathBuf;
use std::sync::Arc;

use domain::audit::Event;
use domain::audit::record_events::RecordEvents;
use domain::identity::Rules;
use domain::identity::token::{Token, TokenKind};
use domain::{Caller, Command, FieldError, Origin};
use evidence::Salt;
use store::db::{Location, Settings};
use store::{Conn, Db, ErrorKind, Head};
use tlog::{SigningKey, VerifierKey};
use tokio::sync::watch as channel;

use crate::auth::Remembered;
use crate::clock::{self, Clock};
use crate::continuity::{Fault, Halt, Known, check};
use crate::credentials::{HashPool, SecretBox};
use crate::error::Error;
use crate::limits::{self, Limits};
use crate::metrics::{Counters, Metrics};
use crate::seals::Seals;
use crate::security_log::{self, Sampler};
use crate::writer::{self, Queue, Signer};
use crate::writes::{self, Writes};
use crate::{checkpointer, guard, keyfile, random, watch};

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

/// Most password checks that wait for a hashing thread; a further one is turned away.
const HASHES_WAITING_MAX: usize = 128;

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
    pub names: crate::custody::Names,
    remembered: Remembered,
}

impl Shared {
    /// Forgets what was read from the database: another state of it was taken over.
    pub fn forget(&self) {
        self.seals.forget();
        self.names.forget();
        self.remembered.forget_all();
    }
}

/// An open database with its Writer. Clones are the same engine.
#[derive(Clone)]
pub struct Engine {
    shared: Arc<Shared>,
    queue: Queue,
}

/// The log as it is found at start, checked against key and guard.
pub(crate) struct Found {
    pub db: Db,
    pub head: Head,
    pub key: SigningKey,
    pub remembered: Option<String>,
    pub verdict: guard::Verdict,
}

/// Opens the database and checks schema, signature, right edge and guard.
pub(crate) async fn find(options: &Options) -> Result<Found, Error> {
    let db = Db::new(options.database.clone())?;
    let mut conn = db.writer().await.map_err(|error| match error.kind {
        ErrorKind::Full => error.into(),
        _ => Error::problem(
            format!("cannot open {}: {error}", options.database.location.shown()),
            "run `probity init` with the same --data-dir and --database, and check that the server runs",
        ),
    })?;
    let state = store::migrate::state(&mut conn).await?;
    if state.applied < state.known {
        return Err(Error::problem(
            format!(
                "the schema is at migration {}, this program needs {}",
                state.applied, state.known
            ),
            "run `probity init`, which applies what is missing",
        ));
    }
    // Other processes may be appending: head, entries and subtrees must be those of one moment.
    conn.begin_snapshot().await?;
    let head = Head::load(&mut conn)
        .await
        .map_err(|error| match error.kind {
            ErrorKind::Head => Halt::at_start(Fault::Tampered, error.message),
            _ => error.into(),
        })?
        .ok_or_else(|| Error::problem("the database holds no log", "run `probity init`, which makes one"))?;
    let key = keyfile::load(&options.data_dir, options.signing_key.as_deref())?.ok_or_else(|| {
        Error::problem(
            format!(
                "there is no signing key at {}",
                keyfile::path(&options.data_dir).display()
            ),
            "put back the log's key file, or give the key as PROBITY_SIGNING_KEY",
        )
    })?;
    check_signature(&head, &key)?;
    check_edge(&mut conn, &head).await?;
    let remembered = if options.guard {
        guard::read(&options.data_dir)?
    } else {
        None
    };
    let verdict = guard::check(&mut conn, &head.edge, remembered.as_deref(), &key.verifier()).await?;
    conn.rollback().await?;
    Ok(Found {
        db,
        head,
        key,
        remembered,
        verdict,
    })
}

pub(crate) fn check_signature(head: &Head, key: &SigningKey) -> Result<(), Error> {
    check::signed(head, &key.verifier()).map_err(|reason| Halt::at_start(Fault::Tampered, reason))
}

/// Checks that the entries and subtrees below the right edge are those that the head row says.
async fn check_edge(conn: &mut Conn, head: &Head) -> Result<(), Error> {
    let broken = |what: String| Halt::at_start(Fault::Tampered, what);
    let row = conn.opt("SELECT max(entry) FROM entries", &[]).await?;
    let last = row.and_then(|row| row.unsigned(0).ok());
    if last.map_or(0, |last| last + 1) != head.edge.size() {
        let found = last.map_or("none".to_owned(), |last| last.to_string());
        return Err(broken(format!(
            "the head row counts {} entries, the last entry is {found}",
            head.edge.size()
        )));
    }
    let root = guard::root_at(conn, head.edge.size())
        .await
        .map_err(|error| broken(error.to_string()))?;
    if root != head.edge.root() {
        return Err(broken(
            "the newest entries do not give the root of the head row".to_owned(),
        ));
    }
    check::timed(conn, head).await?.map_err(broken)
}

impl Engine {
    /// Opens a database that is set up, and starts its Writer.
    ///
    /// Refuses a log that is not signed by the key, whose right edge was changed, or that the rollback guard does
    /// not know to be the same.
    pub async fn open(options: Options) -> Result<Engine, Error> {
        let found = find(&options).await?;
        if let guard::Verdict::RolledBack(reason) = &found.verdict {
            return Err(guard::refusal(&options.data_dir, reason));
        }
        let engine = Engine::start(options, found)?;
        engine.check_custody_rules().await?;
        engine.record_roles().await?;
        Ok(engine)
    }

    fn start(options: Options, found: Found) -> Result<Engine, Error> {
        let options = Options {
            clock: options.clock.for_log(),
            ..options
        };
        options.clock.saw(found.head.at);
        let counters = Arc::new(Counters::default());
        let (size, _) = channel::channel(found.head.edge.size());
        let known = Arc::new(Known::new(found.head, found.key.verifier()));
        let signer = Signer {
            known: Arc::clone(&known),
            key: found.key.clone(),
            counters: Arc::clone(&counters),
            size: size.clone(),
            rules: Arc::clone(&options.identity.rules),
            clock: options.clock.clone(),
            seals: Arc::default(),
            writes: Arc::default(),
        };
        let writes = Arc::clone(&signer.writes);
        let seals = Arc::clone(&signer.seals);
        let queue = writer::start(
            found.db.clone(),
            signer,
            options.queue_max as u64,
            options.batch_entries_max,
        )?;
        let limits = Limits::new(found.db.clone());
        let hashes = HashPool::start(options.identity.hash_threads, HASHES_WAITING_MAX)?;
        let secrets = SecretBox::new(&found.key)?;
        let shared = Arc::new(Shared {
            options,
            db: found.db,
            known,
            size,
            counters,
            remembered: Remembered::default(),
            limits,
            hashes,
            secrets,
            sampler: Sampler::default(),
            writes,
            names: crate::custody::Names::default(),
            seals,
        });
        checkpointer::start(&shared)?;
        tokio::spawn(watch::run(Arc::downgrade(&shared)));
        tokio::spawn(limits::run(Arc::downgrade(&shared)));
        tokio::spawn(writes::run(Arc::downgrade(&shared)));
        let engine = Engine { shared, queue };
        security_log::start(&engine);
        Ok(engine)
    }

    /// Records that the log was put back to an older state on purpose, and lets the guard forget the newer one.
    pub async fn acknowledge_restore(options: Options, caller: &Caller, reason: &str) -> Result<(), Error> {
        let found = find(&options).await?;
        let (guard::Verdict::RolledBack(_), Some(remembered)) = (&found.verdict, found.remembered.clone())
        else {
            return Err(Error::problem(
                "the log extends the one that the guard remembers",
                "there is nothing to acknowledge",
            ));
        };
        let command = domain::audit::restore::AcknowledgeRestore {
            remembered,
            found: found.head.checkpoint.clone(),
            reason: reason.to_owned(),
        };
        let engine = Engine::start(options, found)?;
        engine
            .submit(caller, Origin::default(), Command::AcknowledgeRestore(command))
            .await?;
        // The newer log that the guard remembers is given up on purpose.
        watch::remember(&engine.shared, &engine.shared.known.newest(), true).await;
        engine.shutdown().await;
        Ok(())
    }

    /// Writes down every few seconds what the clock has decided: for a process that serves.
    pub fn start_sweeper(&self) {
        crate::custody::start_sweeper(self);
        clock::start(self);
    }

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

    /// Finishes what is queued, writes rate counters and last-seen marks, and refreshes the guard. The Writer ends once every clone of the engine is gone.
    pub async fn shutdown(&self) {
        self.flush_security_log().await;
        while self.queue.waiting() > 0 {
            tokio::time::sleep(std::time::Duration::from_millis(2)).await;
        }
        if let Err(error) = self.shared.limits.flush().await {
            tracing::warn!(%error, "rate counters and last-seen marks were not written");
        }
        if self.shared.options.guard {
            watch::remember(&self.shared, &self.shared.known.newest(), false).await;
        }
    }
}
