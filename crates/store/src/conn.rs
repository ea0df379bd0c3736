//! One connection to either engine. The only place where a statement meets an engine.

use std::time::Duration;

use domain::record::{Kind, Val};

use crate::buckets::Buckets;
use crate::error::Error;
pub use crate::lock::Lock;
use crate::pg::PgConn;
use crate::row::Row;
use crate::sqlite::SqliteConn;

/// Begins a transaction that writes (PostgreSQL).
pub(crate) const BEGIN: &str = "BEGIN ISOLATION LEVEL READ COMMITTED";

/// A connection.
pub enum Conn {
    /// SQLite.
    Sqlite(SqliteConn),
    /// PostgreSQL.
    Pg(PgConn),
}

impl Conn {
    /// How long it is open.
    pub(crate) fn age(&self) -> Duration {
        match self {
            Conn::Sqlite(conn) => conn.age(),
            Conn::Pg(conn) => conn.age(),
        }
    }

    /// Whether the other end is known to be gone. A file never is.
    pub(crate) fn is_closed(&self) -> bool {
        match self {
            Conn::Sqlite(_) => false,
            Conn::Pg(conn) => conn.is_closed(),
        }
    }

    /// Gives up from now on when a server says nothing for so long after a question. A file always answers.
    pub(crate) fn limit_silence(&mut self, limit: Option<Duration>) {
        if let Conn::Pg(conn) = self {
            conn.limit_silence(limit);
        }
    }

    /// Whether it is known to be well and to have nothing open: a server that answered a moment ago is not asked again. A file
    /// is, which takes no round trip.
    pub(crate) fn is_fresh(&self, within: Duration) -> bool {
        match self {
            Conn::Sqlite(_) => false,
            Conn::Pg(conn) => conn.is_fresh(within),
        }
    }

    /// Runs a statement and gives all its rows.
    pub async fn all(&mut self, sql: &str, args: &[Val]) -> Result<Vec<Row>, Error> {
        match self {
            Conn::Sqlite(conn) => conn.all(sql, args),
            Conn::Pg(conn) => conn.all(sql, args).await,
        }
    }

    /// Runs a statement and gives its first row.
    pub async fn opt(&mut self, sql: &str, args: &[Val]) -> Result<Option<Row>, Error> {
        Ok(self.all(sql, args).await?.into_iter().next())
    }

    /// Runs two statements, the second one after the first, and gives all rows of each: one round trip on PostgreSQL.
    pub(crate) async fn both(&mut self, statements: [(&str, &[Val]); 2]) -> Result<[Vec<Row>; 2], Error> {
        match self {
            Conn::Sqlite(conn) => conn.both(statements),
            Conn::Pg(conn) => conn.both(statements).await,
        }
    }

    /// Runs a statement and gives the number of rows it changed.
    pub async fn exec(&mut self, sql: &str, args: &[Val]) -> Result<u64, Error> {
        match self {
            Conn::Sqlite(conn) => conn.exec(sql, args),
            Conn::Pg(conn) => conn.exec(sql, args).await,
        }
    }

    /// Rows whose key column, which stands before `[key]` or at the end of `select`, is one of `keys`; locked in key order.
    ///
    /// One statement with an array on PostgreSQL, one prepared look-up a key on SQLite, which has no round trips.
    pub async fn keyed(
        &mut self,
        select: &str,
        kind: Kind,
        keys: &[Val],
        lock: Lock,
    ) -> Result<Vec<Row>, Error> {
        self.keyed_with(select, kind, keys, &[], lock).await
    }

    /// The same, where `select` takes more parameters, `$2` and on.
    pub async fn keyed_with(
        &mut self,
        select: &str,
        kind: Kind,
        keys: &[Val],
        more: &[Val],
        lock: Lock,
    ) -> Result<Vec<Row>, Error> {
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        match self {
            Conn::Sqlite(conn) => conn.keyed(select, keys, more),
            Conn::Pg(conn) => conn.keyed(select, kind, keys, more, lock).await,
        }
    }

    /// Rows that `select` finds in one bucket after the other, until there are `limit`: it says `[bucket]` after what is
    /// compared with one, gives them in order and no more than `limit`. One statement on PostgreSQL, one prepared
    /// look-up a bucket on SQLite.
    pub(crate) async fn by_bucket(
        &mut self,
        select: &str,
        args: &[Val],
        buckets: &Buckets,
        limit: u32,
    ) -> Result<Vec<Row>, Error> {
        match self {
            Conn::Sqlite(conn) => conn.by_bucket(select, args, buckets, limit),
            Conn::Pg(conn) => {
                let mut args = args.to_vec();
                let sql = buckets.joined(select, args.len());
                args.extend(buckets.values.iter().cloned());
                args.extend([Val::Int(buckets.last), Val::Int(limit.into())]);
                conn.all(&format!("{sql} LIMIT ${}", args.len()), &args).await
            }
        }
    }

    /// Begins a transaction that writes.
    pub async fn begin(&mut self) -> Result<(), Error> {
        match self {
            Conn::Sqlite(conn) => conn.batch("BEGIN IMMEDIATE"),
            Conn::Pg(conn) => conn.batch(BEGIN).await,
        }
    }

    /// Begins a transaction that reads one state of the database throughout.
    pub async fn begin_snapshot(&mut self) -> Result<(), Error> {
        match self {
            // A deferred transaction takes its snapshot at its first read.
            Conn::Sqlite(conn) => conn.batch("BEGIN DEFERRED; SELECT 1 FROM sqlite_schema LIMIT 1"),
            // It holds nobody up, and may wait for where it puts what it reads.
            Conn::Pg(conn) => {
                conn.batch(
                    "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL idle_in_transaction_session_timeout = '60s'",
                )
                .await
            }
        }
    }

    /// Commits, durably.
    pub async fn commit(&mut self) -> Result<(), Error> {
        match self {
            Conn::Sqlite(conn) => conn.batch("COMMIT"),
            Conn::Pg(conn) => conn.commit().await,
        }
    }

    /// Rolls back; on SQLite also when no transaction is open, which is no error.
    pub async fn rollback(&mut self) -> Result<(), Error> {
        match self {
            Conn::Sqlite(conn) => conn.rollback(),
            Conn::Pg(conn) => conn.rollback().await,
        }
    }

    /// Whether the database is no longer where this connection was opened: another file was put in its place, and what is
    /// written here goes to one that nobody opens again. A server answers for itself.
    pub fn is_displaced(&mut self) -> bool {
        match self {
            Conn::Sqlite(conn) => conn.is_displaced(),
            Conn::Pg(_) => false,
        }
    }

    /// Runs a statement that takes no parameters and gives no rows, such as DDL.
    pub async fn batch(&mut self, sql: &str) -> Result<(), Error> {
        match self {
            Conn::Sqlite(conn) => conn.batch(sql),
            Conn::Pg(conn) => conn.batch(sql).await,
        }
    }
}
