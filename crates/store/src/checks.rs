//! What verification asks of the tables. Whatever stands in them may have been changed by hand, so rows are given as they
//! are.

use std::ops::Range;

use domain::record::{Kind, Table, Val};
use uuid::Uuid;

use crate::conn::{Conn, Lock};
use crate::error::Error;
use crate::head::int;
use crate::row::Row;

fn indexes(entries: &[u64]) -> Vec<Val> {
    entries.iter().map(|entry| int(*entry).into()).collect()
}

/// How many rows a sealed table has.
pub async fn count(conn: &mut Conn, table: &Table) -> Result<u64, Error> {
    let row = conn
        .opt(&format!("SELECT count(*) FROM {}", table.name), &[])
        .await?;
    row.map_or(Ok(0), |row| row.unsigned(0))
}

/// Entries from this one on that record one of these two actions as done, in order.
pub async fn succeeded(conn: &mut Conn, actions: &[&str; 2], from: u64) -> Result<Vec<u64>, Error> {
    let sql = "SELECT entry FROM entries WHERE action IN ($1, $2) AND outcome = 'success' AND entry >= $3 ORDER BY entry";
    let args = [actions[0].into(), actions[1].into(), int(from).into()];
    let rows = conn.all(sql, &args).await?;
    rows.iter().map(|row| row.unsigned(0)).collect()
}

/// Ids and versions of the rows of a sealed table with these ids.
pub async fn versions(conn: &mut Conn, table: &Table, ids: &[Uuid]) -> Result<Vec<Row>, Error> {
    let select = format!("SELECT id, version FROM {} WHERE id", table.name);
    let ids: Vec<Val> = ids.iter().map(|id| Val::Uuid(*id)).collect();
    conn.keyed(&select, Kind::Uuid, &ids, Lock::None).await
}

/// The index of the last entry.
pub async fn last_entry(conn: &mut Conn) -> Result<Option<u64>, Error> {
    let row = conn.opt("SELECT max(entry) FROM entries", &[]).await?;
    Ok(row.and_then(|row| row.unsigned(0).ok()))
}

/// Index and id of the first hundred entries that stand outside a log of this size.
pub async fn beyond(conn: &mut Conn, size: u64) -> Result<Vec<Row>, Error> {
    let sql = "SELECT entry, id FROM entries WHERE entry >= $1 OR entry < 0 ORDER BY entry LIMIT 100";
    conn.all(sql, &[int(size).into()]).await
}

/// Index and list of changes of these entries.
pub async fn change_lists(conn: &mut Conn, entries: &[u64]) -> Result<Vec<Row>, Error> {
    let select = "SELECT entry, changes FROM entries WHERE entry";
    conn.keyed(select, Kind::Int, &indexes(entries), Lock::None).await
}

/// Which of these entries a command erased.
pub async fn erased(conn: &mut Conn, entries: &[u64]) -> Result<Vec<Row>, Error> {
    let select = "SELECT erased FROM erasures WHERE erased";
    conn.keyed(select, Kind::Int, &indexes(entries), Lock::None).await
}

/// Index and id of the first thousand entries that a command erased, and that are not erased.
pub async fn not_erased(conn: &mut Conn) -> Result<Vec<Row>, Error> {
    let sql = "SELECT entries.entry, entries.id, erasures.id FROM erasures JOIN entries ON entries.entry = erasures.erased \
               WHERE entries.payload IS NOT NULL OR entries.salt IS NOT NULL OR entries.id <> erasures.id \
               ORDER BY entries.entry LIMIT 1000";
    conn.all(sql, &[]).await
}

/// The head rows: origin, size, root, edge, time, checkpoint and id.
pub async fn heads(conn: &mut Conn) -> Result<Vec<Row>, Error> {
    let sql = "SELECT origin, size, root, edge, at, checkpoint, id FROM log_head ORDER BY id";
    conn.all(sql, &[]).await
}

/// Height, last position and count of the stored subtrees of each height.
pub async fn subtree_levels(conn: &mut Conn) -> Result<Vec<Row>, Error> {
    let sql = "SELECT height, max(position), count(*) FROM subtrees GROUP BY height ORDER BY height";
    conn.all(sql, &[]).await
}

/// The leaves of a range of entries, in their order.
pub async fn leaves(conn: &mut Conn, entries: Range<u64>) -> Result<Vec<Row>, Error> {
    let sql = "SELECT leaf FROM entries WHERE entry >= $1 AND entry < $2 ORDER BY entry";
    conn.all(sql, &[int(entries.start).into(), int(entries.end).into()])
        .await
}
