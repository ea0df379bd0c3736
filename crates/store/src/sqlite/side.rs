//! The side tables on SQLite: one prepared statement, run for each row in one short transaction.

use std::collections::BTreeMap;

use evidence::time::Timestamp;
use rusqlite::{Connection, Row, Statement, ToSql, TransactionBehavior, params};
use uuid::Uuid;

use super::SqliteConn;
use crate::error::Error;
use crate::root::Root;
use crate::window::{Totals, Window};

const ADD: &str = "INSERT INTO counters (subject, width_s, window_start, used) VALUES (?1, ?2, ?3, ?4) \
                   ON CONFLICT (subject, width_s, window_start) DO UPDATE SET used = max(0, used + excluded.used) \
                   RETURNING used";
const TAKE_AWAY: &str = "UPDATE counters SET used = max(0, used + ?4) \
                         WHERE subject = ?1 AND width_s = ?2 AND window_start = ?3 RETURNING used";
const READ: &str = "SELECT used FROM counters WHERE subject = ?1 AND width_s = ?2 AND window_start = ?3";
const KEEP: &str =
    "INSERT INTO roots (id, place, root, at) VALUES (?1, ?2, ?3, ?4) ON CONFLICT (id, place) DO NOTHING";
const TOUCH: &str = "INSERT INTO last_seen (kind, id, at) VALUES (?1, ?2, ?3) \
                     ON CONFLICT (kind, id) DO UPDATE SET at = excluded.at WHERE excluded.at > last_seen.at";

/// Runs `work`, a statement for each of so many rows, in one transaction that has the write lock from the start.
fn in_transaction<T>(
    conn: &mut SqliteConn,
    (sql, rows): (&str, usize),
    work: impl FnOnce(&Connection) -> rusqlite::Result<T>,
) -> Result<T, Error> {
    conn.run(sql, |conn| {
        let transaction = conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let done = work(&transaction)?;
        transaction.commit()?;
        Ok((done, rows as u64))
    })
}

fn total(statement: &mut Statement<'_>, args: &[&dyn ToSql]) -> rusqlite::Result<u64> {
    let used = |row: &Row<'_>| row.get::<_, i64>(0);
    // To the end: a statement that writes and gives rows is only done once it gives no more.
    let mut total = 0;
    for found in statement.query_map(args, used)? {
        total = found?;
    }
    Ok(u64::try_from(total).unwrap_or(0))
}

pub(crate) fn keep_roots<'a>(
    conn: &mut SqliteConn,
    roots: impl Iterator<Item = &'a Root>,
) -> Result<(), Error> {
    let roots: Vec<&Root> = roots.collect();
    in_transaction(conn, (KEEP, roots.len()), |conn| {
        let mut keep = conn.prepare_cached(KEEP)?;
        for root in roots {
            keep.execute(params![
                root.id.as_bytes().as_slice(),
                root.place,
                root.root,
                root.at.micros()
            ])?;
        }
        Ok(())
    })
}

pub(crate) fn add_counts(conn: &mut SqliteConn, sums: &BTreeMap<&Window, i64>) -> Result<Totals, Error> {
    in_transaction(conn, (ADD, sums.len()), |conn| {
        let (mut add, mut take_away) = (conn.prepare_cached(ADD)?, conn.prepare_cached(TAKE_AWAY)?);
        let mut totals = Totals::new();
        for (window, sum) in sums {
            let statement = if *sum < 0 { &mut take_away } else { &mut add };
            let args = params![window.subject, window.width_s, window.start, sum];
            totals.insert((*window).clone(), total(statement, args)?);
        }
        Ok(totals)
    })
}

pub(crate) fn read_counts(conn: &mut SqliteConn, windows: &[Window]) -> Result<Totals, Error> {
    conn.run(READ, |conn| {
        let mut read = conn.prepare_cached(READ)?;
        let mut totals = Totals::new();
        for window in windows {
            let args = params![window.subject, window.width_s, window.start];
            totals.insert(window.clone(), total(&mut read, args)?);
        }
        let rows = totals.len() as u64;
        Ok((totals, rows))
    })
}

pub(crate) fn touch(
    conn: &mut SqliteConn,
    marks: &BTreeMap<(&'static str, Uuid), Timestamp>,
) -> Result<(), Error> {
    in_transaction(conn, (TOUCH, marks.len()), |conn| {
        let mut touch = conn.prepare_cached(TOUCH)?;
        for ((kind, id), at) in marks {
            touch.execute(params![kind, id.as_bytes().as_slice(), at.micros()])?;
        }
        Ok(())
    })
}
