//! The side tables: rate counters, last-seen marks and roots of traces; those of jobs are in [`crate::jobs`]. They change too often to be worth an entry
//! each, so they are not sealed, and no decision about money, identity or permission rests on them.
//!
//! On PostgreSQL they are written through [`crate::Db::side_writer`], on SQLite over the Writer's own connection: what another
//! one writes there empties that one's pages, and what is known of rows. Rows are written in the order
//! of their keys, so that two processes that write the same ones wait for each other and do not block each other.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use domain::record::{Kind, Val};
use evidence::time::Timestamp;
use uuid::Uuid;

use crate::conn::{Conn, Lock};
use crate::error::Error;
use crate::head::int;
use crate::jobs::JobWrite;
pub use crate::root::Root;
use crate::row::Row;
use crate::window::Totals;
pub use crate::window::Window;
use crate::{pg, sqlite};

/// Rows that a prune deletes in one transaction, so that it holds the write lock for some milliseconds only.
const PRUNE_ROWS: u64 = 1_000;

/// Something to be written.
#[derive(Debug)]
pub enum Write {
    /// Adds to counters: [`add_counts`].
    Counts(Vec<Count>),
    /// Last-seen marks: [`touch`].
    Marks(Vec<Mark>),
    /// Deletes counters of old windows, and roots that nothing came for: [`prune_counts`], [`prune_roots`].
    Prune(i64),
    /// Keeps roots: [`keep_roots`].
    Roots(Vec<Root>),
    /// Deletes roots: [`forget_roots`].
    Forget(RangeInclusive<Uuid>),
    /// How jobs stand, and who leads.
    Job(JobWrite),
}

impl Write {
    /// Writes it; gives the totals of counters, or how many rows were changed.
    pub async fn run(&self, conn: &mut Conn) -> Result<Vec<u64>, Error> {
        match self {
            Write::Counts(counts) => add_counts(conn, counts).await,
            Write::Marks(marks) => touch(conn, marks).await.map(|()| Vec::new()),
            Write::Prune(before) => {
                prune_counts(conn, *before).await?;
                prune_roots(conn, *before - ROOTS_KEPT_S)
                    .await
                    .map(|_| Vec::new())
            }
            Write::Roots(roots) => keep_roots(conn, roots).await.map(|()| Vec::new()),
            Write::Forget(ids) => forget_roots(conn, ids).await.map(|rows| vec![rows]),
            Write::Job(write) => write.run(conn).await.map(|rows| vec![rows]),
        }
    }
}

/// What is to be added to a counter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Count {
    /// Which counter.
    pub window: Window,
    /// How much; less than nothing takes away.
    pub add: i64,
}

/// Adds to counters, which never fall below 0; gives the totals after it, in the order of `counts`.
///
/// One round trip on PostgreSQL, one transaction on SQLite: all of it is written or nothing.
pub async fn add_counts(conn: &mut Conn, counts: &[Count]) -> Result<Vec<u64>, Error> {
    if counts.is_empty() {
        return Ok(Vec::new());
    }
    let mut sums: BTreeMap<&Window, i64> = BTreeMap::new();
    for count in counts {
        let sum = sums.entry(&count.window).or_default();
        *sum = sum.saturating_add(count.add);
    }
    let totals = match conn {
        Conn::Sqlite(conn) => sqlite::side::add_counts(conn, &sums)?,
        Conn::Pg(conn) => pg::side::add_counts(conn, &sums).await?,
    };
    Ok(in_order(counts.iter().map(|count| &count.window), &totals))
}

/// Totals of counters, in the order of `windows`; 0 where there is no row.
pub async fn read_counts(conn: &mut Conn, windows: &[Window]) -> Result<Vec<u64>, Error> {
    if windows.is_empty() {
        return Ok(Vec::new());
    }
    let totals = match conn {
        Conn::Sqlite(conn) => sqlite::side::read_counts(conn, windows)?,
        Conn::Pg(conn) => pg::side::read_counts(conn, windows).await?,
    };
    Ok(in_order(windows.iter(), &totals))
}

fn in_order<'a>(windows: impl Iterator<Item = &'a Window>, totals: &Totals) -> Vec<u64> {
    windows
        .map(|window| totals.get(window).copied().unwrap_or(0))
        .collect()
}

/// Deletes the counters of windows that ended at or before this time, in seconds since 1970; gives their number.
pub async fn prune_counts(conn: &mut Conn, before: i64) -> Result<u64, Error> {
    let sql = "DELETE FROM counters WHERE (subject, width_s, window_start) IN (SELECT subject, width_s, window_start \
               FROM counters WHERE window_start + width_s <= $1 ORDER BY subject, width_s, window_start LIMIT $2)";
    delete(conn, sql, &[before.into()]).await
}

/// Deletes part by part, of which the last argument is the size; gives how many rows.
async fn delete(conn: &mut Conn, sql: &str, args: &[Val]) -> Result<u64, Error> {
    let args: Vec<Val> = args.iter().cloned().chain([int(PRUNE_ROWS).into()]).collect();
    let mut pruned = 0;
    loop {
        let rows = conn.exec(sql, &args).await?;
        pruned += rows;
        if rows < PRUNE_ROWS {
            return Ok(pruned);
        }
    }
}

/// How long roots are kept, in seconds, beyond what counters are.
const ROOTS_KEPT_S: i64 = 3_600;

/// Keeps roots; of two at one place the first stays. All or nothing.
pub async fn keep_roots(conn: &mut Conn, roots: &[Root]) -> Result<(), Error> {
    let by_key: BTreeMap<(Uuid, &str), &Root> =
        roots.iter().map(|root| ((root.id, &*root.place), root)).collect();
    match conn {
        _ if by_key.is_empty() => Ok(()),
        Conn::Sqlite(conn) => sqlite::side::keep_roots(conn, by_key.values().copied()),
        Conn::Pg(conn) => pg::side::keep_roots(conn, by_key.values().copied()).await,
    }
}

/// The roots of these traces, each with its trace.
pub async fn roots(conn: &mut Conn, ids: &[Uuid]) -> Result<Vec<(Uuid, String)>, Error> {
    let ids: Vec<Val> = ids.iter().map(|id| Val::Uuid(*id)).collect();
    let select = "SELECT id, root FROM roots WHERE id";
    let rows = conn.keyed(select, Kind::Uuid, &ids, Lock::None).await?;
    rows.iter()
        .map(|row| Ok((row.uuid(0)?, row.text(1)?.to_owned())))
        .collect()
}

/// Deletes the roots that came at or before this time, in seconds since 1970; gives their number.
pub async fn prune_roots(conn: &mut Conn, before: i64) -> Result<u64, Error> {
    let sql = "DELETE FROM roots WHERE (id, place) IN (SELECT id, place FROM roots WHERE at <= $1 ORDER BY at, id, place LIMIT $2)";
    let before = Timestamp::from_micros(before.saturating_mul(1_000_000)).unwrap_or_default();
    delete(conn, sql, &[before.into()]).await
}

/// Deletes the roots of these traces; gives their number.
pub async fn forget_roots(conn: &mut Conn, ids: &RangeInclusive<Uuid>) -> Result<u64, Error> {
    let sql = "DELETE FROM roots WHERE (id, place) IN (SELECT id, place FROM roots WHERE id >= $1 AND id <= $2 ORDER BY id, place LIMIT $3)";
    delete(conn, sql, &[Val::Uuid(*ids.start()), Val::Uuid(*ids.end())]).await
}

/// Whose last-seen mark it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SeenKind {
    /// An API key, by its id.
    ApiKey,
    /// A session, by its id.
    Session,
    /// A user, by its id.
    User,
    /// The lease of an execution, by the execution's id: until when it was renewed.
    Lease,
}

impl SeenKind {
    /// All of them.
    pub const ALL: [SeenKind; 4] = [
        SeenKind::ApiKey,
        SeenKind::Session,
        SeenKind::User,
        SeenKind::Lease,
    ];

    /// The kind of this word.
    pub fn parse(word: &str) -> Option<SeenKind> {
        SeenKind::ALL.into_iter().find(|kind| kind.as_str() == word)
    }

    /// The word in the table.
    pub fn as_str(self) -> &'static str {
        match self {
            SeenKind::ApiKey => "api_key",
            SeenKind::Session => "session",
            SeenKind::User => "user",
            SeenKind::Lease => "lease",
        }
    }
}

/// A last-seen mark.
pub type Mark = (SeenKind, Uuid, Timestamp);

/// Writes last-seen marks; where there is one already, the later time stays. All or nothing.
pub async fn touch(conn: &mut Conn, marks: &[Mark]) -> Result<(), Error> {
    let mut latest: BTreeMap<(&'static str, Uuid), Timestamp> = BTreeMap::new();
    for (kind, id, at) in marks {
        let known = latest.entry((kind.as_str(), *id)).or_insert(*at);
        *known = (*known).max(*at);
    }
    if latest.is_empty() {
        return Ok(());
    }
    match conn {
        Conn::Sqlite(conn) => sqlite::side::touch(conn, &latest),
        Conn::Pg(conn) => pg::side::touch(conn, &latest).await,
    }
}

/// When these were last seen, in no order; who was never seen is missing.
pub async fn seen(conn: &mut Conn, kind: SeenKind, ids: &[Uuid]) -> Result<Vec<(Uuid, Timestamp)>, Error> {
    let select = format!(
        "SELECT id, at FROM last_seen WHERE kind = '{}' AND id",
        kind.as_str()
    );
    let ids: Vec<Val> = ids.iter().map(|id| Val::Uuid(*id)).collect();
    let rows = conn.keyed(&select, Kind::Uuid, &ids, Lock::None).await?;
    rows.iter().map(|row| Ok((row.uuid(0)?, row.time(1)?))).collect()
}

/// Most marks of a page of [`marks`].
const MARKS_MAX: u64 = 1_000;

/// Marks in the order of kind and id, those after this one; none at the end.
pub async fn marks(conn: &mut Conn, after: Option<&Mark>) -> Result<Vec<Mark>, Error> {
    let sql = "SELECT kind, id, at FROM last_seen WHERE (kind, id) > ($1, $2) ORDER BY kind, id LIMIT $3";
    let (kind, id) = after.map_or(("", Uuid::nil()), |(kind, id, _)| (kind.as_str(), *id));
    let rows = conn
        .all(sql, &[kind.into(), id.into(), int(MARKS_MAX).into()])
        .await?;
    let mark = |row: &Row| {
        let kind = SeenKind::parse(row.text(0)?);
        let kind = kind.ok_or_else(|| Error::data("last_seen.kind is none that this program knows"))?;
        Ok((kind, row.uuid(1)?, row.time(2)?))
    };
    rows.iter().map(mark).collect()
}

/// Deletes a last-seen mark.
pub async fn forget(conn: &mut Conn, kind: SeenKind, id: Uuid) -> Result<(), Error> {
    let sql = "DELETE FROM last_seen WHERE kind = $1 AND id = $2";
    conn.exec(sql, &[kind.as_str().into(), Val::Uuid(id)])
        .await
        .map(drop)
}
