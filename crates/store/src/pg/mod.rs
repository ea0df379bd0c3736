//! What is particular to PostgreSQL: connecting, values, arrays, locks, bulk writes.

pub mod bulk;
pub mod connect;
pub(crate) mod pipeline;
pub(crate) mod place;
pub(crate) mod side;
mod tls;
pub mod value;
mod walk;

use std::collections::HashMap;
use std::time::{Duration, Instant};

use domain::record::{Kind, Val};
use tokio::task::AbortHandle;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, Statement};

use crate::echo::Echo;
use crate::error::{Error, ErrorKind};
use crate::lock::{self, Lock};
use crate::row::Row;
use value::{Array, Bound};

/// Most prepared statements that a connection keeps; filters make new texts.
const STATEMENTS_MAX: usize = 256;

/// A PostgreSQL connection with its prepared statements.
pub struct PgConn {
    client: Client,
    statements: HashMap<String, Statement>,
    opened: Instant,
    patience: Patience,
    /// When its last question was answered, unless something may be left open or unread: then none.
    idle_since: Option<Instant>,
}

impl PgConn {
    pub(crate) fn new(client: Client, driver: AbortHandle) -> PgConn {
        let opened = Instant::now();
        PgConn {
            client,
            statements: HashMap::new(),
            opened,
            patience: Patience { limit: None, driver },
            idle_since: Some(opened),
        }
    }

    /// Gives up from now on when it hears nothing for so long after a question.
    pub(crate) fn limit_silence(&mut self, limit: Option<Duration>) {
        self.patience.limit = limit;
    }

    pub(crate) fn age(&self) -> Duration {
        self.opened.elapsed()
    }

    /// Whether it answered a question within this time, and nothing can be left of it.
    pub(crate) fn is_fresh(&self, within: Duration) -> bool {
        self.idle_since.is_some_and(|since| since.elapsed() < within)
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.client.is_closed()
    }

    async fn prepared(&mut self, sql: &str) -> Result<Statement, Error> {
        if let Some(statement) = self.statements.get(sql) {
            return Ok(statement.clone());
        }
        if self.statements.len() >= STATEMENTS_MAX {
            self.statements.clear();
        }
        let prepared = self.patience.heard(self.client.prepare(sql)).await;
        let statement = prepared.map_err(|error| error.at(sql))?;
        self.statements.insert(sql.to_owned(), statement.clone());
        Ok(statement)
    }

    pub(crate) async fn all(&mut self, sql: &str, args: &[Val]) -> Result<Vec<Row>, Error> {
        let bound: Vec<Bound<'_>> = args.iter().map(Bound).collect();
        let params: Vec<&(dyn ToSql + Sync)> = bound.iter().map(|arg| arg as _).collect();
        self.query(sql, &params).await
    }

    async fn query(&mut self, sql: &str, params: &[&(dyn ToSql + Sync)]) -> Result<Vec<Row>, Error> {
        // Whoever stops waiting leaves an answer that nobody reads.
        let fresh = self.idle_since.take();
        let statement = self.prepared(sql).await?;
        let rows = run(&self.patience, sql, async {
            let rows = self.client.query(&statement, params).await?;
            let count = rows.len() as u64;
            Ok((rows, count))
        })
        .await?;
        self.idle_since = fresh.map(|_| Instant::now());
        rows.iter().map(value::row).collect()
    }

    pub(crate) async fn exec(&mut self, sql: &str, args: &[Val]) -> Result<u64, Error> {
        self.idle_since = None;
        let statement = self.prepared(sql).await?;
        let bound: Vec<Bound<'_>> = args.iter().map(Bound).collect();
        let params: Vec<&(dyn ToSql + Sync)> = bound.iter().map(|arg| arg as _).collect();
        run(&self.patience, sql, async {
            let changed = self.client.execute(&statement, &params).await?;
            Ok((changed, changed))
        })
        .await
    }

    pub(crate) async fn keyed(
        &mut self,
        select: &str,
        kind: Kind,
        keys: &[Val],
        more: &[Val],
        lock: Lock,
    ) -> Result<Vec<Row>, Error> {
        let keys = Array(kind, keys);
        let more: Vec<Bound<'_>> = more.iter().map(Bound).collect();
        let mut params: Vec<&(dyn ToSql + Sync)> = vec![&keys];
        params.extend(more.iter().map(|arg| arg as &(dyn ToSql + Sync)));
        self.query(&PgConn::keyed_sql(select, lock), &params).await
    }

    /// The text of [`PgConn::keyed`]: ordered, so that two transactions that lock the same rows do it in the same order.
    pub(crate) fn keyed_sql(select: &str, lock: Lock) -> String {
        let suffix = match lock {
            Lock::None => "",
            Lock::Share => " ORDER BY id FOR SHARE",
            Lock::Update => " ORDER BY id FOR UPDATE",
        };
        format!("{}{suffix}", lock::compared(select, "= ANY ($1)"))
    }

    pub(crate) async fn batch(&mut self, sql: &str) -> Result<(), Error> {
        self.idle_since = None;
        run(&self.patience, sql, async {
            self.client.batch_execute(sql).await?;
            Ok(((), 0))
        })
        .await
    }

    /// Ends what is open; also when nothing is.
    pub(crate) async fn rollback(&mut self) -> Result<(), Error> {
        self.batch("ROLLBACK").await?;
        self.idle_since = Some(Instant::now());
        Ok(())
    }

    /// Commits; an error other than a plain refusal leaves the outcome unknown.
    pub(crate) async fn commit(&mut self) -> Result<(), Error> {
        self.batch("COMMIT").await.map_err(|error| match error.kind {
            ErrorKind::Constraint | ErrorKind::Retry => error,
            _ => Error {
                kind: ErrorKind::Connection,
                ..error
            },
        })
    }

    pub(crate) async fn copy_in(&mut self, sql: &str, data: bytes::Bytes) -> Result<u64, Error> {
        use futures_util::SinkExt;
        let statement = self.prepared(sql).await?;
        run(&self.patience, sql, async {
            let sink = self.client.copy_in::<_, bytes::Bytes>(&statement).await?;
            let mut sink = std::pin::pin!(sink);
            sink.send(data).await?;
            let copied = sink.as_mut().finish().await?;
            Ok((copied, copied))
        })
        .await
    }
}

/// How long a connection waits for answers.
pub(crate) struct Patience {
    limit: Option<Duration>,
    /// Ends the connection: what was asked is not answered to anybody any more.
    driver: AbortHandle,
}

impl Patience {
    /// What was answered. Where nothing was for too long, the connection is given up: what was asked may or may not be done.
    async fn heard<T>(
        &self,
        asked: impl Future<Output = Result<T, tokio_postgres::Error>>,
    ) -> Result<T, Error> {
        let Some(limit) = self.limit else {
            return Ok(asked.await?);
        };
        let Ok(answer) = tokio::time::timeout(limit, asked).await else {
            self.driver.abort();
            let message = format!("PostgreSQL did not answer within {limit:?}");
            return Err(Error::new(ErrorKind::Connection, message));
        };
        Ok(answer?)
    }
}

/// The only way in which a statement is run: `work` gives with its result the number of rows that it read or wrote.
pub(crate) async fn run<T>(
    patience: &Patience,
    sql: &str,
    work: impl Future<Output = Result<(T, u64), tokio_postgres::Error>>,
) -> Result<T, Error> {
    let echo = Echo::start();
    let done = patience.heard(work).await;
    echo.end(sql, done.as_ref().ok().map(|(_, rows)| *rows));
    done.map(|(result, _)| result).map_err(|error| error.at(sql))
}
