//! The two ends of a batch's transaction: begin and load, write and commit.
//!
//! On PostgreSQL each end is one round trip, unless a batch is very large or erases; SQLite, which has none, runs
//! statement by statement.

use domain::record::{Kind, Table};
use domain::{Facts, Needs};
use tlog::{Hash, Node};

use crate::conn::Conn;
use crate::entries::{self, EntryRow};
use crate::error::{Error, ErrorKind};
use crate::facts;
use crate::head::{self, Head};
use crate::pg::PgConn;
use crate::pg::bulk::INSERT_ENTRIES;
use crate::pg::pipeline::{Param, Step};
use crate::sealed::{self, SealedRow};

/// Up to so many entries go as arrays in one round trip; more go by COPY, which takes two and is faster for each.
const ARRAYS_MAX: usize = 300;

/// Begins the transaction and loads what is needed; with it the head, already locked, where that saves a round trip.
pub async fn begin(conn: &mut Conn, needs: &Needs) -> Result<(Facts, Option<Head>), Error> {
    if let Conn::Pg(pg) = conn {
        return facts::begin_and_load(pg, needs).await;
    }
    conn.begin().await?;
    Ok((facts::load(conn, needs, true).await?, None))
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

/// Writes a batch and commits it.
pub async fn commit(conn: &mut Conn, batch: &Batch<'_>) -> Result<(), CommitError> {
    if let Conn::Pg(pg) = conn
        && batch.entries.len() <= ARRAYS_MAX
        && batch.erased.is_empty()
    {
        return commit_in_one(pg, batch).await;
    }
    write(conn, batch).await.map_err(CommitError::Failed)?;
    conn.commit().await.map_err(unless_refused)
}

fn unless_refused(error: Error) -> CommitError {
    if error.kind == ErrorKind::Connection {
        CommitError::Unknown(error)
    } else {
        CommitError::Failed(error)
    }
}

async fn write(conn: &mut Conn, batch: &Batch<'_>) -> Result<(), Error> {
    entries::append(conn, batch.entries).await?;
    head::insert_subtrees(conn, batch.subtrees).await?;
    for (table, rows) in batch.rows {
        sealed::write(conn, table, rows).await?;
    }
    entries::erase(conn, batch.erased).await?;
    batch.head.update(conn).await
}

async fn commit_in_one(pg: &mut PgConn, batch: &Batch<'_>) -> Result<(), CommitError> {
    let mut steps = vec![Step {
        sql: INSERT_ENTRIES,
        params: Param::columns(batch.entries),
    }];
    if !batch.subtrees.is_empty() {
        let nodes = || batch.subtrees.iter().map(|(node, _)| node);
        let params = vec![
            Param::Many(
                Kind::Int,
                nodes().map(|node| i64::from(node.height).into()).collect(),
            ),
            Param::Many(
                Kind::Int,
                nodes().map(|node| head::int(node.index).into()).collect(),
            ),
            Param::Many(
                Kind::Bytes,
                batch
                    .subtrees
                    .iter()
                    .map(|(_, hash)| hash.as_bytes().as_slice().into())
                    .collect(),
            ),
        ];
        let sql = "INSERT INTO subtrees (height, position, hash) SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bytea[])";
        steps.push(Step { sql, params });
    }
    // In the order of the tables' references, after the entries that they refer to.
    let (texts, params): (Vec<String>, Vec<_>) = batch
        .rows
        .iter()
        .flat_map(|(table, rows)| sealed::steps(table, rows))
        .unzip();
    steps.extend(texts.iter().zip(params).map(|(sql, params)| Step { sql, params }));
    steps.push(Step {
        sql: head::UPDATE,
        params: batch.head.args().into_iter().map(Param::One).collect(),
    });
    steps.push(Step::plain("COMMIT"));
    pg.prepare_all(&steps).await.map_err(CommitError::Failed)?;
    // All of it is sent at once: whichever answer is missing, the COMMIT may have been carried out.
    pg.pipeline(&steps).await.map(drop).map_err(unless_refused)
}
