//! Several statements in one round trip: they are sent one after another without waiting for the answers.
//!
//! A round trip costs two changes of process, on a small machine more than most statements. An error in one statement
//! makes the later ones fail too, since all are in one transaction; the first error is the one that is returned.

use std::borrow::Cow;
use std::pin::pin;
use std::time::Instant;

use bytes::BytesMut;
use domain::record::{Kind, Val};
use futures_util::TryStreamExt;
use futures_util::future::join_all;
use tokio_postgres::types::{IsNull, ToSql, Type, to_sql_checked};

use super::bulk::EntryColumn;
use super::value::{self, Array, Bound};
use super::{PgConn, run};
use crate::entry_row::{COLUMNS, EntryRow};
use crate::error::Error;
use crate::row::{Row, Stamp};
use crate::sealed_row::SealedRow;

/// A parameter of a statement in a pipeline.
#[derive(Debug)]
pub(crate) enum Param<'a> {
    /// One value.
    One(Val),
    /// An array of values.
    Many(Kind, Vec<Val>),
    /// Numbers of transactions.
    Stamps(Vec<Option<Stamp>>),
    /// A column of entries as an array.
    Column(EntryColumn<'a>),
}

impl<'a> Param<'a> {
    /// The columns of entries, each as an array.
    pub fn columns(rows: &'a [EntryRow]) -> Vec<Param<'a>> {
        (0..COLUMNS.len())
            .map(|column| Param::Column(EntryColumn { rows, column }))
            .collect()
    }
}

impl Param<'static> {
    /// Rows as an array for each column at these positions.
    pub fn columns_of(kinds: &[Kind], positions: &[usize], rows: &[&SealedRow]) -> Vec<Param<'static>> {
        let mut columns: Vec<Vec<Val>> = kinds.iter().map(|_| Vec::with_capacity(rows.len())).collect();
        for row in rows {
            let mut values = row.all_values();
            for (column, position) in columns.iter_mut().zip(positions) {
                column.push(std::mem::replace(&mut values[*position], Val::Null));
            }
        }
        let pairs = kinds.iter().zip(columns);
        pairs.map(|(kind, values)| Param::Many(*kind, values)).collect()
    }
}

impl ToSql for Param<'_> {
    fn to_sql(
        &self,
        ty: &Type,
        out: &mut BytesMut,
    ) -> Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        match self {
            Param::One(value) => Bound(value).to_sql(ty, out),
            Param::Many(kind, values) => Array(*kind, values).to_sql(ty, out),
            Param::Stamps(stamps) => value::put_stamps(stamps, out),
            Param::Column(column) => column.put(out).map(|()| IsNull::No),
        }
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

/// A statement that may be a part of another one.
pub(crate) struct Part<'a> {
    pub sql: String,
    pub params: Vec<Param<'a>>,
    /// How many rows it must change, where what it changes is known; then it returns them.
    pub rows: Option<usize>,
}

/// A statement of a pipeline.
pub(crate) struct Step<'a> {
    pub sql: Cow<'a, str>,
    pub params: Vec<Param<'a>>,
}

impl<'a> From<Part<'a>> for Step<'a> {
    fn from(part: Part<'a>) -> Step<'a> {
        Step {
            sql: part.sql.into(),
            params: part.params,
        }
    }
}

impl<'a> Step<'a> {
    /// A statement without parameters.
    pub fn plain(sql: &'a str) -> Step<'a> {
        Step {
            sql: sql.into(),
            params: Vec::new(),
        }
    }
}

impl PgConn {
    /// Prepares the statements, so that a connection that breaks here has sent nothing yet.
    pub(crate) async fn prepare_all(&mut self, steps: &[Step<'_>]) -> Result<(), Error> {
        for step in steps {
            self.prepared(&step.sql).await?;
        }
        Ok(())
    }

    /// Two statements in one round trip; the second one is run after the first.
    pub(crate) async fn both(&mut self, statements: [(&str, &[Val]); 2]) -> Result<[Vec<Row>; 2], Error> {
        let fresh = self.idle_since;
        let steps = statements.map(|(sql, args)| Step {
            sql: sql.into(),
            params: args.iter().cloned().map(Param::One).collect(),
        });
        let mut rows = self.pipeline(&steps).await?.into_iter();
        self.idle_since = fresh.map(|_| Instant::now());
        Ok([rows.next().unwrap_or_default(), rows.next().unwrap_or_default()])
    }

    /// Runs the statements in order, in one round trip once they are prepared; gives each one's rows.
    pub(crate) async fn pipeline(&mut self, steps: &[Step<'_>]) -> Result<Vec<Vec<Row>>, Error> {
        self.idle_since = None;
        let mut statements = Vec::with_capacity(steps.len());
        for step in steps {
            statements.push(self.prepared(&step.sql).await?);
        }
        let params: Vec<Vec<&(dyn ToSql + Sync)>> = steps
            .iter()
            .map(|step| step.params.iter().map(|param| param as _).collect())
            .collect();
        let (client, patience) = (&self.client, &self.patience);
        let queries = steps
            .iter()
            .zip(statements.iter().zip(&params))
            .map(|(step, (statement, params))| {
                run(patience, &step.sql, async {
                    let rows = client.query_raw(statement, params.iter().copied()).await?;
                    let mut rows = pin!(rows);
                    let mut found = Vec::new();
                    while let Some(row) = rows.try_next().await? {
                        found.push(row);
                    }
                    // What only writes says how many rows it wrote.
                    let count = rows.rows_affected().unwrap_or(found.len() as u64);
                    Ok((found, count))
                })
            });
        let answers = join_all(queries).await;
        answers
            .into_iter()
            .map(|answer| answer?.iter().map(value::row).collect())
            .collect()
    }
}
