//! Which entries were erased and pruned, and what retention asks: which still have a payload.

use std::collections::{BTreeSet, HashMap};
use std::ops::Range;

use domain::audit::pruning::{bucket_of, says_pruned};
use domain::record::{Kind, Val};
use evidence::{Gone, Timestamp};

use crate::conn::{Conn, Lock};
use crate::entries::StoredEntry;
use crate::error::Error;
use crate::head::int;
use crate::row::Row;

fn bits_of(row: &Row) -> Result<(u64, Vec<u8>), Error> {
    Ok((row.unsigned(0)?, row.bytes(1)?.to_vec()))
}

/// The bits of those of these buckets of which something was pruned.
pub async fn bits(conn: &mut Conn, buckets: Range<u64>) -> Result<Vec<(u64, Vec<u8>)>, Error> {
    let sql = "SELECT bucket, bits FROM prunings WHERE bucket >= $1 AND bucket < $2 ORDER BY bucket";
    let rows = conn
        .all(sql, &[int(buckets.start).into(), int(buckets.end).into()])
        .await?;
    rows.iter().map(bits_of).collect()
}

/// Says of those of these entries that have no payload whether they were erased, and by which entry, or pruned; or that no row
/// says so.
pub(crate) async fn mark(conn: &mut Conn, entries: &mut [StoredEntry]) -> Result<(), Error> {
    let gone = entries.iter_mut().filter(|entry| entry.payload.is_none());
    let mut gone: Vec<&mut StoredEntry> = gone.collect();
    let keys = |indexes: BTreeSet<u64>| indexes.into_iter().map(|index| int(index).into()).collect();
    let keys: [Vec<Val>; 2] = [
        keys(gone.iter().map(|entry| entry.entry).collect()),
        keys(gone.iter().map(|entry| bucket_of(entry.entry)).collect()),
    ];
    let select = "SELECT erased, entry FROM erasures WHERE erased";
    let rows = conn.keyed(select, Kind::Int, &keys[0], Lock::None).await?;
    let erased = rows.iter().map(|row| Ok((row.unsigned(0)?, row.unsigned(1)?)));
    let erased = erased.collect::<Result<HashMap<_, _>, Error>>()?;
    let select = "SELECT bucket, bits FROM prunings WHERE bucket";
    let rows = conn.keyed(select, Kind::Int, &keys[1], Lock::None).await?;
    let bits = rows.iter().map(bits_of).collect::<Result<HashMap<_, _>, _>>()?;
    for entry in &mut gone {
        let pruned = bits.get(&bucket_of(entry.entry));
        entry.gone = match erased.get(&entry.entry) {
            Some(by) => Gone::Erased(Some(*by)),
            None if pruned.is_some_and(|bits| says_pruned(bits, entry.entry)) => Gone::Pruned,
            None => Gone::ByHand,
        };
    }
    Ok(())
}

/// An entry that has a payload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payload {
    /// Its index.
    pub entry: u64,
    /// Its action.
    pub action: String,
    /// When it was recorded.
    pub at: Timestamp,
}

/// The first entries of a range that have a payload.
pub async fn payloads(conn: &mut Conn, entries: Range<u64>, limit: u32) -> Result<Vec<Payload>, Error> {
    let sql = "SELECT entry, action, at FROM entries WHERE entry >= $1 AND entry < $2 AND payload IS NOT NULL \
               ORDER BY entry LIMIT $3";
    let ends = [
        int(entries.start).into(),
        int(entries.end).into(),
        i64::from(limit).into(),
    ];
    let rows = conn.all(sql, &ends).await?;
    let payload = |row: &Row| {
        Ok(Payload {
            entry: row.unsigned(0)?,
            action: row.text(1)?.to_owned(),
            at: row.time(2)?,
        })
    };
    rows.iter().map(payload).collect()
}
