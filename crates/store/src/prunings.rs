//! What retention asks: which entries were pruned, and which still have a payload.

use std::collections::{BTreeSet, HashMap};
use std::ops::Range;

use domain::audit::pruning::{bucket_of, says_pruned};
use domain::record::Kind;
use evidence::Timestamp;

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

/// Says of those of these entries that have no payload whether they were pruned.
pub(crate) async fn mark(conn: &mut Conn, entries: &mut [StoredEntry]) -> Result<(), Error> {
    let gone = entries.iter_mut().filter(|entry| entry.payload.is_none());
    let mut gone: Vec<&mut StoredEntry> = gone.collect();
    let buckets: BTreeSet<u64> = gone.iter().map(|entry| bucket_of(entry.entry)).collect();
    let keys: Vec<_> = buckets.into_iter().map(|bucket| int(bucket).into()).collect();
    let select = "SELECT bucket, bits FROM prunings WHERE bucket";
    let rows = conn.keyed(select, Kind::Int, &keys, Lock::None).await?;
    let bits = rows.iter().map(bits_of).collect::<Result<HashMap<_, _>, _>>()?;
    for entry in &mut gone {
        let found = bits.get(&bucket_of(entry.entry));
        entry.pruned = found.is_some_and(|bits| says_pruned(bits, entry.entry));
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
