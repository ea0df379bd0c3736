//! Opening a database and closing it: what must be so before anything is written, the engine's parts put together, and
//! what is written down at the end.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use domain::audit::restore::AcknowledgeRestore;
use domain::{Caller, Command, Origin};
use store::{Conn, Db, ErrorKind, Head};
use tlog::SigningKey;
use tokio::sync::{OnceCell, watch as channel};

use crate::auth::Remembered;
use crate::continuity::{Fault, Halt, Known, check};
use crate::credentials::{HashPool, SecretBox};
use crate::custody::{self, Names, Newest};
use crate::engine::{Engine, Options, Shared};
use crate::error::Error;
use crate::leases::Leases;
use crate::limits::Limits;
use crate::metrics::Counters;
use crate::pages::Pages;
use crate::search::Searches;
use crate::security_log::{self, Sampler};
use crate::tail::Tail;
use crate::tiles::{GROUPS_MAX, Tiles};
use crate::writer::{self, Signer};
use crate::{checkpointer, clock, guard, keyfile, storage, watch};

/// Most password checks that wait for a hashing thread; a further one is turned away.
const HASHES_WAITING_MAX: usize = 128;

/// The log as it is found at start, checked against key and guard.
pub(crate) struct Found {
    pub db: Db,
    pub head: Head,
    pub key: SigningKey,
    pub remembered: Option<String>,
    pub verdict: guard::Verdict,
    /// The log itself says that what the guard remembers was given up: a restore was cut off before the guard was told.
    pub given_up: bool,
    /// What is wrong with signature or right edge.
    fault: Option<Arc<Halt>>,
}

impl Found {
    /// Why this log is not to be continued.
    fn halt(&self, data_dir: &Path) -> Option<Arc<Halt>> {
        match &self.verdict {
            _ if self.fault.is_some() => self.fault.clone(),
            guard::Verdict::RolledBack(reason) if !self.given_up => Some(guard::refusal(data_dir, reason)),
            _ => None,
        }
    }
}

/// Checks that the database has all migrations that this program has.
pub fn check_migrated(state: &store::migrate::State) -> Result<(), Error> {
    if state.applied < state.known {
        return Err(Error::problem(
            format!(
                "the schema is at migration {}, this program needs {}",
                state.applied, state.known
            ),
            "run `probity db migrate`, which applies what is missing",
        ));
    }
    Ok(())
}

/// Opens the database and checks schema, signature, right edge and guard.
pub(crate) async fn find(options: &Options) -> Result<Found, Error> {
    let found = look(options).await?;
    match &found.fault {
        Some(fault) => Err(Error::Halted(Arc::clone(fault))),
        None => Ok(found),
    }
}

/// The same, which says what is wrong with signature or right edge beside what it finds.
async fn look(options: &Options) -> Result<Found, Error> {
    let db = Db::new(options.database.clone())?;
    let mut conn = db.writer().await.map_err(|error| match error.kind {
        ErrorKind::Full => error.into(),
        _ => Error::problem(
            format!("cannot open {}: {error}", options.database.location.shown()),
            "run `probity init` with the same --data-dir and --database, and check that the server runs",
        ),
    })?;
    check_migrated(&store::migrate::state(&mut conn).await?)?;
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
    let sound = match check_signature(&head, &key) {
        Ok(()) => check_edge(&mut conn, &head).await,
        wrong => wrong,
    };
    let fault = match sound {
        Ok(()) => None,
        Err(Error::Halted(halt)) => Some(halt),
        Err(error) => return Err(error),
    };
    let remembered = if options.guard {
        guard::read(&options.data_dir)?
    } else {
        None
    };
    let verdict = match &fault {
        Some(_) => guard::Verdict::Extends,
        None => guard::check(&mut conn, &head.edge, remembered.as_deref(), &key.verifier()).await?,
    };
    let given_up = match (&verdict, &remembered) {
        (guard::Verdict::RolledBack(_), Some(remembered)) => {
            check::given_up(&mut conn, &head, remembered).await?
        }
        _ => false,
    };
    conn.rollback().await?;
    Ok(Found {
        db,
        head,
        key,
        remembered,
        verdict,
        given_up,
        fault,
    })
}

pub(crate) fn check_signature(head: &Head, key: &SigningKey) -> Result<(), Error> {
    check::signed(head, &key.verifier()).map_err(|reason| Halt::at_start(Fault::Tampered, reason))
}

/// Checks that the entries and subtrees below the right edge are those that the head row says.
async fn check_edge(conn: &mut Conn, head: &Head) -> Result<(), Error> {
    let broken = |what: String| Halt::at_start(Fault::Tampered, what);
    let last = store::checks::last_entry(conn).await?;
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
        let found = look(&options).await?;
        match found.halt(&options.data_dir) {
            Some(halt) => Err(Error::Halted(halt)),
            None => Engine::go_on(options, found).await,
        }
    }

    /// The same for whoever may only want to look: a log that it would refuse can be read, [`Engine::halt`] says why nothing is
    /// written, and the guard keeps what it remembers.
    pub async fn open_to_look(options: Options) -> Result<Engine, Error> {
        let found = look(&options).await?;
        match found.halt(&options.data_dir) {
            None => Engine::go_on(options, found).await,
            Some(halt) => {
                let options = Options {
                    guard: false,
                    ..options
                };
                let head = found.head.clone();
                let engine = Engine::assemble(options, found)?;
                engine.shared().known.stand_still(halt, head);
                Ok(engine)
            }
        }
    }

    async fn go_on(options: Options, found: Found) -> Result<Engine, Error> {
        let given_up = found.given_up;
        let engine = Engine::start(options, found)?;
        if given_up {
            watch::remember(engine.shared(), &engine.shared().known.newest(), true).await;
        }
        engine.check_custody_rules().await?;
        engine.keep_sums().await?;
        engine.salt_approvals().await?;
        Ok(engine)
    }

    /// An engine with all that keeps it going.
    fn start(options: Options, found: Found) -> Result<Engine, Error> {
        let engine = Engine::assemble(options, found)?;
        let shared = engine.parts().0;
        checkpointer::start(&shared)?;
        tokio::spawn(watch::run(Arc::downgrade(&shared)));
        shared.limits.start();
        tokio::spawn(storage::run(Arc::downgrade(&shared)));
        security_log::start(&engine);
        Ok(engine)
    }

    fn assemble(options: Options, found: Found) -> Result<Engine, Error> {
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
            told: Arc::new(AtomicU64::new(u64::MAX)),
            waits: Arc::default(),
        };
        let waits = Arc::clone(&signer.waits);
        let told = Arc::clone(&signer.told);
        let writes = Arc::clone(&signer.writes);
        let seals = Arc::clone(&signer.seals);
        let (queue, errands) = writer::start(
            found.db.clone(),
            signer,
            options.queue_max as u64,
            options.batch_entries_max,
        )?;
        let limits = Limits::new(found.db.clone(), errands, options.clock.clone());
        let hashes = HashPool::start(options.identity.hash_threads, HASHES_WAITING_MAX)?;
        let searches = Searches::new(options.database.pool_max);
        let secrets = SecretBox::new(&found.key)?;
        let shared = Arc::new(Shared {
            options,
            db: found.db,
            known,
            size,
            counters,
            remembered: Remembered::default(),
            tiles: Tiles::new(GROUPS_MAX),
            tail: Tail::default(),
            pages: Pages::default(),
            searches,
            limits,
            hashes,
            secrets,
            sampler: Sampler::default(),
            writes,
            names: Names::default(),
            newest: Newest::default(),
            seals,
            rules_recorded: OnceCell::new(),
            told,
            waits,
            leases: Leases::default(),
        });
        Ok(Engine::from_parts(shared, queue))
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
        let command = AcknowledgeRestore {
            remembered: Some(remembered),
            found: found.head.checkpoint.clone(),
            reason: reason.to_owned(),
        };
        let engine = Engine::start(options, found)?;
        engine
            .submit(caller, Origin::default(), Command::AcknowledgeRestore(command))
            .await?;
        // The newer log that the guard remembers is given up on purpose.
        watch::remember(engine.shared(), &engine.shared().known.newest(), true).await;
        engine.shutdown().await;
        Ok(())
    }

    /// Writes down every few seconds what the clock has decided: for a process that serves.
    pub fn start_sweeper(&self) {
        custody::start_sweeper(self);
        clock::watch::start(self);
    }

    /// Finishes what is queued, writes rate counters and last-seen marks, refreshes the guard, and empties SQLite's WAL. The Writer ends once every clone of the engine is gone.
    pub async fn shutdown(&self) {
        self.flush_security_log().await;
        while self.queue().waiting() > 0 {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        if let Err(error) = self.shared().limits.flush().await {
            tracing::warn!(%error, "rate counters and last-seen marks were not written");
        }
        if self.shared().options.guard {
            watch::remember(self.shared(), &self.shared().known.newest(), false).await;
        }
        checkpointer::end(self.shared()).await;
    }
}
