//! A database: where it is, and a pool of reading connections.
//!
//! The Writer has a connection of its own ([`Db::writer`]), and so have the side tables of a server ([`Db::side_writer`]);
//! everything that only reads borrows one from the pool.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use deadpool::managed::{self, Metrics, Pool, RecycleError, RecycleResult, Timeouts};

use crate::conn::Conn;
use crate::error::{Error, ErrorKind};
use crate::pg::connect;
use crate::{pg, sqlite};

/// Where the database is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Location {
    /// A SQLite file.
    Sqlite(PathBuf),
    /// A `postgres://` URL.
    Postgres(String),
}

impl Location {
    /// The engine's name.
    pub fn engine(&self) -> &'static str {
        match self {
            Location::Sqlite(_) => "sqlite",
            Location::Postgres(_) => "postgres",
        }
    }

    /// Whether what is said to the database stays on this machine or is encrypted. An error where the URL does not read.
    pub fn is_private(&self) -> Result<bool, Error> {
        match self {
            Location::Sqlite(_) => Ok(true),
            Location::Postgres(url) => Ok(connect::is_private(&connect::parse(url)?)),
        }
    }

    /// The location without a password, in URL and parameters.
    pub fn shown(&self) -> String {
        let url = match self {
            Location::Sqlite(path) => return path.display().to_string(),
            Location::Postgres(url) => match (url.find("://"), url.rfind('@')) {
                (Some(scheme), Some(at)) if at > scheme + 3 => {
                    let user = url[scheme + 3..at].split(':').next().unwrap_or_default();
                    format!("{}{user}{}", &url[..scheme + 3], &url[at..])
                }
                _ => url.clone(),
            },
        };
        let Some((base, query)) = url.split_once('?') else {
            return url;
        };
        let parameters = query.split('&').map(|parameter| match parameter.split_once('=') {
            Some((name, _)) if name.eq_ignore_ascii_case("password") => format!("{name}=…"),
            _ => parameter.to_owned(),
        });
        format!("{base}?{}", parameters.collect::<Vec<_>>().join("&"))
    }
}

/// Location and pool limits.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where the database is.
    pub location: Location,
    /// Most reading connections at once.
    pub pool_max: usize,
    /// How long a reader waits for a connection.
    pub acquire_timeout: Duration,
    /// Age at which a connection is replaced.
    pub lifetime_max: Duration,
    /// How long after an answer a connection to a server is used again without asking whether it is well.
    pub trusted_for: Duration,
    /// The schema on a server in which the database is, unless it is the one that the location leads to.
    pub schema: Option<String>,
    /// How long a server may leave a question without an answer before its connection is given up.
    pub silence_max: Duration,
}

impl Settings {
    /// The usual limits: 30 connections, 30 s, 1 h, half a second, 30 s.
    pub fn new(location: Location) -> Settings {
        Settings {
            location,
            schema: None,
            pool_max: 30,
            acquire_timeout: Duration::from_secs(30),
            lifetime_max: Duration::from_hours(1),
            trusted_for: Duration::from_millis(500),
            silence_max: Duration::from_secs(30),
        }
    }
}

/// State of the pool.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PoolStatus {
    /// Most connections at once.
    pub max: usize,
    /// Open connections.
    pub open: usize,
    /// Open connections that nobody uses.
    pub idle: usize,
    /// Readers that wait.
    pub waiting: usize,
}

/// A place for a reader: among those of one state of the database, for as long as the connection that came with it is open, or
/// by itself.
pub struct Seat(Reader);

enum Reader {
    Open(Conn),
    /// One that is still to be opened; the name of the snapshot, where it sees one.
    Joins(Settings, Option<String>),
}

impl Seat {
    /// The connection. On PostgreSQL it is made here and now: the runtime that waits for its answers is the one that reads
    /// them, and no thread wakes another for each.
    pub async fn take(self) -> Result<Conn, Error> {
        let (settings, id) = match self.0 {
            Reader::Open(conn) => return Ok(conn),
            Reader::Joins(settings, id) => (settings, id),
        };
        let mut conn = settings.reader().await?;
        if let Some(id) = id {
            conn.begin_snapshot().await?;
            conn.batch(&format!("SET TRANSACTION SNAPSHOT '{id}'")).await?;
        }
        Ok(conn)
    }
}

/// A database.
#[derive(Clone)]
pub struct Db {
    settings: Settings,
    pool: Pool<Manager>,
    /// Where reading keeps this machine's processors busy: connections for what reads for long.
    long: Option<Pool<Manager>>,
}

/// A connection borrowed from the pool.
pub type Pooled = managed::Object<Manager>;

/// Makes and checks the pool's connections.
pub struct Manager {
    settings: Settings,
}

impl Settings {
    pub(crate) async fn connect(&self, create: bool, inline: bool) -> Result<Conn, Error> {
        match &self.location {
            Location::Sqlite(path) => sqlite::open(path, create, inline).map(Conn::Sqlite),
            Location::Postgres(url) => {
                let mut conn = connect::connect(&connect::parse(url)?).await?;
                if let Some(schema) = &self.schema {
                    conn.batch(&format!("SET search_path TO {}", pg::place::quoted(schema)))
                        .await?;
                }
                Ok(Conn::Pg(conn))
            }
        }
    }

    /// A connection for one who reads all entries in their order.
    async fn reader(&self) -> Result<Conn, Error> {
        let mut conn = self.connect(false, true).await?;
        if let Conn::Sqlite(conn) = &mut conn {
            conn.keep_few_pages()?;
        }
        Ok(conn)
    }

    /// A connection that is given up where the server says nothing for too long. On SQLite it blocks its thread where it is
    /// to do so. Nobody takes the database's place while there is one.
    async fn open(&self, inline: bool) -> Result<Conn, Error> {
        let mut conn = self.connect(false, inline).await?;
        if let Conn::Pg(_) = conn {
            pg::place::share(&mut conn).await?;
        }
        conn.limit_silence(Some(self.silence_max));
        Ok(conn)
    }
}

impl managed::Manager for Manager {
    type Type = Conn;
    type Error = Error;

    async fn create(&self) -> Result<Conn, Error> {
        // Whoever takes a connection from the pool need not carry this along.
        Box::pin(self.settings.open(false)).await
    }

    async fn recycle(&self, conn: &mut Conn, _: &Metrics) -> RecycleResult<Error> {
        if conn.is_closed() || conn.age() >= self.settings.lifetime_max {
            return Err(RecycleError::message("closed or too old"));
        }
        if conn.is_displaced() {
            return Err(RecycleError::message("another file is in the database's place"));
        }
        if conn.is_fresh(self.settings.trusted_for) {
            return Ok(());
        }
        // This ends what was left open; on PostgreSQL it also checks that the server answers.
        Ok(conn.rollback().await?)
    }
}

/// Where the database is on this machine, readers that read at once for each processor: more of them take turns on it, each
/// with pages or a process of its own, and all together do not get as far.
const READERS_A_PROCESSOR: usize = 3;

/// Of the reading connections, those that read for long may hold one in so many.
pub const LONG_ONE_IN: usize = 4;

fn pool(settings: &Settings, most: usize) -> Result<Pool<Manager>, Error> {
    let timeouts = Timeouts {
        wait: Some(settings.acquire_timeout),
        create: Some(settings.acquire_timeout),
        recycle: Some(Duration::from_secs(5)),
    };
    let settings = settings.clone();
    Pool::builder(Manager { settings })
        .max_size(most)
        // The connection that was used last has its pages and plans at hand.
        .queue_mode(managed::QueueMode::Lifo)
        .timeouts(timeouts)
        .runtime(deadpool::Runtime::Tokio1)
        .build()
        .map_err(|error| Error::new(ErrorKind::Other, error.to_string()))
}

impl Db {
    /// A database whose schema is ready. Connects at first use.
    pub fn new(settings: Settings) -> Result<Db, Error> {
        let most = settings.pool_max;
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        let here = match &settings.location {
            Location::Sqlite(_) => true,
            Location::Postgres(url) => connect::is_here(&connect::parse(url)?),
        };
        let at_once = if here {
            most.min(processors * READERS_A_PROCESSOR)
        } else {
            most
        };
        let long = (most / LONG_ONE_IN).min(most - at_once);
        let long = (long > 0).then(|| pool(&settings, long)).transpose()?;
        let pool = pool(&settings, at_once)?;
        Ok(Db { settings, pool, long })
    }

    /// Its settings.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Makes the database if it is missing (the file, or the database on the server). True when it was made.
    pub async fn create(settings: &Settings) -> Result<bool, Error> {
        match &settings.location {
            Location::Sqlite(path) => {
                let missing = !path.exists();
                // A restore that begins meanwhile would find no database, and take its place.
                let _shared = missing.then(|| sqlite::place::share(path)).transpose()?;
                settings.connect(missing, true).await?;
                Ok(missing)
            }
            Location::Postgres(url) => connect::create_database(&connect::parse(url)?).await,
        }
    }

    /// A connection of one's own that blocks its thread on SQLite: for the Writer and for start-up.
    pub async fn writer(&self) -> Result<Conn, Error> {
        self.settings.open(true).await
    }

    /// The same for what may take as long as it takes, such as a migration.
    pub async fn patient_writer(&self) -> Result<Conn, Error> {
        let mut conn = self.writer().await?;
        conn.limit_silence(None);
        Ok(conn)
    }

    /// A connection of one's own for the side tables ([`crate::side`]): its commits are not flushed to disk, and it
    /// waits only 2 s for another's write lock.
    pub async fn side_writer(&self) -> Result<Conn, Error> {
        match &self.settings.location {
            Location::Sqlite(path) => sqlite::open_side(path).map(Conn::Sqlite),
            Location::Postgres(_) => {
                let mut conn = self.settings.open(false).await?;
                conn.batch("SET synchronous_commit = off").await?;
                conn.batch("SET lock_timeout = '2s'").await?;
                Ok(conn)
            }
        }
    }

    /// A reading connection from the pool.
    pub async fn reader(&self) -> Result<Pooled, Error> {
        self.taken(&self.pool).await
    }

    /// The same for what reads for long, so that others need not wait for it.
    pub async fn long_reader(&self) -> Result<Pooled, Error> {
        self.taken(self.long.as_ref().unwrap_or(&self.pool)).await
    }

    async fn taken(&self, pool: &Pool<Manager>) -> Result<Pooled, Error> {
        let started = Instant::now();
        pool.get().await.map_err(|error| match error {
            managed::PoolError::Backend(error) => error,
            managed::PoolError::Timeout(_) => Error::new(
                ErrorKind::Retry,
                format!(
                    "no database connection was free within {} s",
                    started.elapsed().as_secs()
                ),
            ),
            other => Error::new(ErrorKind::Other, other.to_string()),
        })
    }

    /// One state of the database for several readers: a connection that sees it, and places for so many others.
    pub async fn snapshot(&self, others: usize) -> Result<(Conn, Vec<Seat>), Error> {
        let mut conn = self.settings.connect(false, true).await?;
        let mut seats = Vec::with_capacity(others);
        match &self.settings.location {
            Location::Sqlite(_) => {
                // Nobody can commit while we hold the write lock, so all readers begin at the same commit.
                let mut lock = self.writer().await?;
                lock.begin().await?;
                conn.begin_snapshot().await?;
                for _ in 0..others {
                    let mut other = self.settings.reader().await?;
                    other.begin_snapshot().await?;
                    seats.push(Seat(Reader::Open(other)));
                }
                lock.rollback().await?;
            }
            Location::Postgres(_) => {
                conn.begin_snapshot().await?;
                let row = conn.opt("SELECT pg_export_snapshot()", &[]).await?;
                let row = row.ok_or_else(|| Error::data("no snapshot"))?;
                let id = row.text(0)?;
                let joins = || Seat(Reader::Joins(self.settings.clone(), Some(id.to_owned())));
                seats.extend((0..others).map(|_| joins()));
            }
        }
        Ok((conn, seats))
    }

    /// Places for readers of which each question sees the state of its own moment.
    pub fn seats(&self, count: usize) -> Vec<Seat> {
        let seat = |_| Seat(Reader::Joins(self.settings.clone(), None));
        (0..count).map(seat).collect()
    }

    /// State of the pool.
    pub fn pool_status(&self) -> PoolStatus {
        let pools = std::iter::once(&self.pool).chain(&self.long);
        let mut all = PoolStatus::default();
        for status in pools.map(Pool::status) {
            all.max += status.max_size;
            all.open += status.size;
            all.idle += status.available;
            all.waiting += status.waiting;
        }
        all
    }

    /// The server's or library's version.
    pub async fn version(&self) -> Result<String, Error> {
        match &self.settings.location {
            Location::Sqlite(_) => Ok(sqlite::version()),
            Location::Postgres(_) => {
                let row = self
                    .reader()
                    .await?
                    .opt("SELECT current_setting('server_version')", &[])
                    .await?;
                let row = row.ok_or_else(|| Error::data("no version"))?;
                Ok(format!("PostgreSQL {}", row.text(0)?))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Location;

    #[test]
    fn passwords_are_hidden() {
        for (url, shown) in [
            (
                "postgres://probity:secret@db:5432/probity",
                "postgres://probity@db:5432/probity",
            ),
            ("postgres://probity@db/probity", "postgres://probity@db/probity"),
            ("postgres:///probity?host=/run", "postgres:///probity?host=/run"),
            ("postgres://u:p@ss@h/d", "postgres://u@h/d"),
            (
                "postgres://u:secret@h/d?sslmode=require",
                "postgres://u@h/d?sslmode=require",
            ),
            (
                "postgres://h/d?user=u&password=secret",
                "postgres://h/d?user=u&password=…",
            ),
        ] {
            assert_eq!(Location::Postgres(url.into()).shown(), shown);
        }
    }
}
