//! The two ends of a batch's transaction: begin and load, write and commit.
//!
//! On PostgreSQL each end is one round trip, unless a batch is very large or erases; SQLite, which has none, runs
//! statement by statement.

use domain::record::{Kind, Table, Val};
use domain::tables::RowKey;
use domain::{Facts, Needs};
use tlog::{Hash, Node};

use crate::conn::{BEGIN, Conn};
use crate::entries::{self, EntryRow};
use crate::error::{Error, ErrorKind};
use crate::facts;
use crate::ground::{self, Ground};
use crate::head::{self, Head};
use crate::pg::PgConn;
use crate::pg::bulk::INSERT_ENTRIES;
use crate::pg::pipeline::{Param, Part, Step};
use crate::row::Stamp;
use crate::sealed::{self, SealedRow};

/// Up to so many entries go as arrays in one round trip; more go by COPY, which takes more and is faster for each.
const ARRAYS_MAX: usize = 1_000;

/// Begins the transaction and loads what is needed; with it the head, already locked, where that saves a round trip.
pub async fn begin(conn: &mut Conn, needs: &Needs) -> Result<(Facts, Option<Head>), Error> {
    if let Conn::Pg(pg) = conn {
        return facts::begin_and_load(pg, needs).await;
    }
    conn.begin().await?;
    Ok((facts::load(conn, needs, true).await?, None))
}

/// Begins what is decided on rows that are known from before, unless it has begun; whether somebody else wrote since this was
/// last asked.
///
/// SQLite has the write lock from here on, so nobody writes meanwhile. A server has not begun anything: the head proves in
/// the end that nobody did.
pub fn begin_known(conn: &mut Conn) -> Result<bool, Error> {
    match conn {
        Conn::Pg(_) => Ok(false),
        Conn::Sqlite(sqlite) if sqlite.has_begun() => Ok(false),
        Conn::Sqlite(sqlite) => {
            sqlite.batch("BEGIN IMMEDIATE")?;
            sqlite.is_disturbed()
        }
    }
}

/// Begins what was decided before the write lock was there: nobody else may have written since.
fn begin_undisturbed(conn: &mut Conn) -> Result<(), Error> {
    if begin_known(conn)? {
        let message = "somebody else wrote to the database while the batch was decided";
        return Err(Error::new(ErrorKind::Moved, message));
    }
    Ok(())
}

/// Everything that a batch writes.
pub struct Batch<'a> {
    /// New entries, in the order of their indexes.
    pub entries: &'a [EntryRow],
    /// Subtrees that they complete.
    pub subtrees: &'a [(Node, Hash)],
    /// Rows of sealed tables, in the order of the tables' references.
    pub rows: &'a [(&'static Table, Vec<SealedRow>)],
    /// Indexes of entries whose payload goes.
    pub erased: &'a [u64],
    /// The head as it will be.
    pub head: &'a Head,
}

/// Why a batch was not committed.
#[derive(Debug)]
pub enum CommitError {
    /// It certainly was not.
    Failed(Error),
    /// The connection broke after COMMIT was sent: it may have been.
    Unknown(Error),
}

impl<'a> Batch<'a> {
    /// Whether it writes this row.
    pub(crate) fn writes(&self, (table, id): RowKey) -> bool {
        let rows = self.rows.iter().find(|(other, _)| other.name == table);
        rows.is_some_and(|(_, rows)| rows.binary_search_by_key(&id, |row| row.id).is_ok())
    }

    /// What it writes beside the head, as statements over arrays: in the order of the tables' references, after the
    /// entries that they refer to (PostgreSQL).
    pub(crate) fn parts(&self, ground: Option<&Ground<'_>>) -> Vec<Part<'a>> {
        let mut parts = vec![Part {
            sql: INSERT_ENTRIES.to_owned(),
            params: Param::columns(self.entries),
            rows: None,
        }];
        if !self.subtrees.is_empty() {
            let column = |kind, value: fn(&(Node, Hash)) -> Val| {
                Param::Many(kind, self.subtrees.iter().map(value).collect())
            };
            let sql = "INSERT INTO subtrees (height, position, hash) SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bytea[])";
            parts.push(Part {
                sql: sql.to_owned(),
                params: vec![
                    column(Kind::Int, |(node, _)| i64::from(node.height).into()),
                    column(Kind::Int, |(node, _)| head::int(node.index).into()),
                    column(Kind::Bytes, |(_, hash)| hash.as_bytes().as_slice().into()),
                ],
                rows: None,
            });
        }
        for (table, rows) in self.rows {
            parts.extend(sealed::parts(table, rows, ground));
        }
        parts
    }
}

/// Writes a batch and commits it; gives the number of the transaction. Where it was decided on ground that is only known,
/// no transaction is open yet, and the ground is proven in the same one.
pub async fn commit(
    conn: &mut Conn,
    batch: &Batch<'_>,
    ground: Option<Ground<'_>>,
) -> Result<Stamp, CommitError> {
    let mut stamp = 0;
    if let Conn::Pg(pg) = conn {
        let small = batch.entries.len() <= ARRAYS_MAX && batch.erased.is_empty();
        match ground {
            Some(ground) if small => return prove_and_commit(pg, &ground, batch).await,
            None if small => return commit_in_one(pg, batch).await.map(|()| stamp),
            Some(ground) => {
                pg.batch(BEGIN).await.map_err(CommitError::Failed)?;
                stamp = ground::lock(pg, &ground).await.map_err(CommitError::Failed)?;
            }
            None => {}
        }
    }
    begin_undisturbed(conn).map_err(CommitError::Failed)?;
    write(conn, batch, ground.as_ref())
        .await
        .map_err(CommitError::Failed)?;
    conn.commit().await.map_err(unless_refused)?;
    Ok(stamp)
}

/// Ends a batch that writes nothing: what it answers must be true all the same.
pub async fn end(conn: &mut Conn, ground: Option<Ground<'_>>) -> Result<(), Error> {
    match (conn, ground) {
        (Conn::Pg(pg), Some(ground)) => ground::lock(pg, &ground).await.map(drop),
        (conn, _) => {
            begin_undisturbed(conn)?;
            conn.rollback().await
        }
    }
}

fn unless_refused(error: Error) -> CommitError {
    // An answer that does not read says nothing of what was done either.
    if matches!(error.kind, ErrorKind::Connection | ErrorKind::Data) {
        CommitError::Unknown(error)
    } else {
        CommitError::Failed(error)
    }
}

async fn write(conn: &mut Conn, batch: &Batch<'_>, ground: Option<&Ground<'_>>) -> Result<(), Error> {
    entries::append(conn, batch.entries).await?;
    head::insert_subtrees(conn, batch.subtrees).await?;
    for (table, rows) in batch.rows {
        sealed::write(conn, table, rows, ground).await?;
    }
    entries::erase(conn, batch.erased).await?;
    batch.head.update(conn).await
}

async fn prove_and_commit(
    pg: &mut PgConn,
    ground: &Ground<'_>,
    batch: &Batch<'_>,
) -> Result<Stamp, CommitError> {
    let parts = batch.parts(Some(ground));
    let steps = [ground::statement(ground, batch.head, parts, |row| {
        batch.writes(row)
    })];
    pg.prepare_all(&steps).await.map_err(CommitError::Failed)?;
    let rows = pg.pipeline(&steps).await.map_err(unless_refused)?;
    ground::stamp(rows).map_err(unless_refused)
}

async fn commit_in_one(pg: &mut PgConn, batch: &Batch<'_>) -> Result<(), CommitError> {
    let mut steps: Vec<Step<'_>> = batch.parts(None).into_iter().map(Step::from).collect();
    steps.push(Step {
        sql: head::UPDATE.into(),
        params: batch.head.args().into_iter().map(Param::One).collect(),
    });
    steps.push(Step::plain("COMMIT"));
    pg.prepare_all(&steps).await.map_err(CommitError::Failed)?;
    // All of it is sent at once: whichever answer is missing, the COMMIT may have been carried out.
    pg.pipeline(&steps).await.map(drop).map_err(unless_refused)
}
