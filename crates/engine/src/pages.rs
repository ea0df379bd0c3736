//! The newest entries by a filter, kept in memory as they were read: whoever looks at an actor looks again.
//!
//! What is kept is trusted no more than the database. It answers alone where the head is the one it was read under: then the
//! log is the same, and an erasure would have written an entry. Where the log has grown, only what was appended since is
//! asked for; the rest is answered from memory where the last entry of then is still in its place, and nothing was erased
//! since.

use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use domain::audit::EntryFilter;
use serde_json::value::RawValue;
use store::query::{Found, Order, Page, Since, page_within, since};
use store::{Conn, StoredEntry};
use tlog::RightEdge;

use crate::error::Error;
use crate::lately::Lately;
use crate::tail::ShownEntry;

/// Most bytes in each half of the memory, and of the entries of a page that is kept.
const BYTES_MAX: usize = 24 * 1024 * 1024;
const PAGE_BYTES_MAX: usize = 128 * 1024;

/// About what keeping a page costs beside its entries.
const PAGE_BYTES: usize = 512;

/// Most entries that may have come since: what is far behind is asked for as if it were not known.
const SINCE_MAX: u64 = 65_536;

/// A filter, and how many entries.
type Key = (EntryFilter, u32);

struct Kept {
    /// The tree that was looked at.
    edge: RightEdge,
    /// The leaf of its last entry.
    last: String,
    entries: Arc<[Arc<Row>]>,
}

/// An entry, and how it is shown, once it was.
struct Row {
    stored: StoredEntry,
    json: OnceLock<Arc<RawValue>>,
}

impl Row {
    fn of(stored: StoredEntry) -> Arc<Row> {
        let json = OnceLock::new();
        Arc::new(Row { stored, json })
    }

    fn shown(&self) -> Result<ShownEntry, Error> {
        if self.json.get().is_none() {
            let json = serde_json::value::to_raw_value(&self.stored);
            let json = json.map_err(|error| store::Error::data(error.to_string()))?;
            self.json.get_or_init(|| json.into());
        }
        let kept = self.json.get().cloned().map(ShownEntry::Kept);
        Ok(kept.unwrap_or_else(|| ShownEntry::Stored(self.stored.clone())))
    }
}

/// Pages that were asked for.
pub(crate) struct Pages {
    kept: Mutex<Lately<Key, Arc<Kept>>>,
}

impl Default for Pages {
    fn default() -> Pages {
        let kept = Mutex::new(Lately::new(BYTES_MAX));
        Pages { kept }
    }
}

impl Pages {
    fn kept(&self) -> MutexGuard<'_, Lately<Key, Arc<Kept>>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Forgets everything.
    pub(crate) fn forget(&self) {
        self.kept().forget();
    }

    /// The newest entries that fulfil a filter, in the tree of this edge.
    pub(crate) async fn newest(
        &self,
        conn: &mut Conn,
        filter: &EntryFilter,
        (limit, bytes_max): (u32, Option<u64>),
        edge: &RightEdge,
    ) -> Result<Found, Error> {
        let key = (filter.clone(), limit);
        if let Some(kept) = self.known(conn, &key, edge).await? {
            return Ok(Found {
                entries: kept.entries.iter().map(|row| row.stored.clone()).collect(),
                ..Found::default()
            });
        }
        let page = Page {
            limit,
            ..Page::default()
        };
        let size = edge.size();
        let found = page_within(conn, filter, page, size, (bytes_max, None)).await?;
        if let (false, Since { now: Some(last), .. }) = (found.cut, since(conn, size, size).await?) {
            let kept = Kept {
                edge: edge.clone(),
                last,
                entries: found.entries.iter().cloned().map(Row::of).collect(),
            };
            self.keep(key, Arc::new(kept));
        }
        Ok(found)
    }

    /// The same as they are shown, each with its index; none where they are to be read from the database.
    pub(crate) async fn shown(
        &self,
        conn: &mut Conn,
        filter: &EntryFilter,
        limit: u32,
        edge: &RightEdge,
    ) -> Result<Option<Vec<(u64, ShownEntry)>>, Error> {
        let Some(kept) = self.known(conn, &(filter.clone(), limit), edge).await? else {
            return Ok(None);
        };
        // One that does not read is read from the database, as far as it does.
        let rows = kept.entries.iter();
        let rows: Option<Vec<_>> = rows
            .map(|row| Some((row.stored.entry, row.shown().ok()?)))
            .collect();
        Ok(rows)
    }

    /// What is kept, in the tree of this edge.
    async fn known(&self, conn: &mut Conn, key: &Key, edge: &RightEdge) -> Result<Option<Arc<Kept>>, Error> {
        let kept = self.kept().get(key);
        let Some(kept) = kept else { return Ok(None) };
        if kept.edge == *edge {
            return Ok(Some(kept));
        }
        let grown = kept.grown(conn, key, edge).await?.map(Arc::new);
        if let Some(kept) = &grown {
            self.keep(key.clone(), Arc::clone(kept));
        }
        Ok(grown)
    }

    fn keep(&self, key: Key, kept: Arc<Kept>) {
        let bytes: usize = kept.entries.iter().map(|row| row.stored.bytes()).sum();
        if bytes <= PAGE_BYTES_MAX {
            // As JSON it is half as long again.
            self.kept().put_weighing(bytes * 5 / 2 + PAGE_BYTES, key, kept);
        }
    }
}

impl Kept {
    /// The same in the tree of this edge; none where it is to be read anew.
    async fn grown(&self, conn: &mut Conn, key: &Key, edge: &RightEdge) -> Result<Option<Kept>, Error> {
        let (filter, limit) = key;
        let (from, to) = (self.edge.size(), edge.size());
        if to <= from || to - from > SINCE_MAX {
            return Ok(None);
        }
        let page = Page {
            order: Order::Ascending,
            after: from.checked_sub(1),
            limit: *limit,
        };
        let new = page_within(conn, filter, page, to, (Some(PAGE_BYTES_MAX as u64), None)).await?;
        // Erasures are looked for last: whatever the head knows of is seen.
        let since = since(conn, from, to).await?;
        let same = since.then.as_ref() == Some(&self.last) && !since.erased;
        let Some(last) = since.now.filter(|_| same && !new.cut) else {
            return Ok(None);
        };
        let limit = *limit as usize;
        let entries = if new.entries.is_empty() {
            Arc::clone(&self.entries)
        } else if new.entries.len() >= limit {
            return Ok(None);
        } else {
            let new = new.entries.into_iter().rev().map(Row::of);
            new.chain(self.entries.iter().cloned()).take(limit).collect()
        };
        Ok(Some(Kept {
            edge: edge.clone(),
            last,
            entries,
        }))
    }
}
