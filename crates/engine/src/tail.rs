//! The newest entries as they are shown, kept in memory: what is newest is asked for again and again.
//!
//! What is kept is trusted no more than the database. Each question reads the head, and is answered from memory only where
//! the leaves of what is kept lead to that head's tree, and payloads and changes are what the leaves commit to. An entry that
//! erases or prunes others ends what is kept before it is shown. Where many entries come between two questions, the database is
//! asked as ever: keeping them would cost more than it saves.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use domain::audit::EntryFilter;
use evidence::commitment;
use evidence::leaf::Leaf;
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;
use store::query::{Order, Page};
use store::{Conn, Head, StoredEntry};
use tlog::{Hash, RightEdge};

use crate::error::Error;

/// Most entries that are kept.
const ENTRIES_MAX: u64 = 256;

/// Most bytes of them.
const BYTES_MAX: usize = 4 * 1024 * 1024;

/// An entry to be shown: as it is stored, or as JSON from memory.
#[derive(Clone, Debug)]
pub enum ShownEntry {
    /// As it is stored.
    Stored(StoredEntry),
    /// As JSON.
    Kept(Arc<RawValue>),
}

impl Serialize for ShownEntry {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            ShownEntry::Stored(entry) => entry.serialize(serializer),
            ShownEntry::Kept(json) => json.serialize(serializer),
        }
    }
}

/// The last entries of a tree.
#[derive(Clone, Default)]
struct Kept {
    /// The tree's edge; of the head that was seen last where nothing is kept.
    edge: RightEdge,
    shown: VecDeque<Arc<RawValue>>,
    bytes: usize,
    /// Whether it was tried to keep what is before the edge.
    tried: bool,
}

/// The newest entries.
#[derive(Default)]
pub(crate) struct Tail {
    kept: Mutex<Arc<Kept>>,
}

impl Tail {
    fn kept(&self) -> MutexGuard<'_, Arc<Kept>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Forgets everything.
    pub(crate) fn forget(&self) {
        *self.kept() = Arc::default();
    }

    /// So many of the newest entries, newest first, fewer where there are fewer; with the size of the log. None where they
    /// are to be read from the database.
    pub(crate) async fn newest(
        &self,
        conn: &mut Conn,
        number: u32,
    ) -> Result<Option<(Vec<ShownEntry>, u64)>, Error> {
        if u64::from(number) > ENTRIES_MAX {
            return Ok(None);
        }
        let Some(Head { edge, .. }) = Head::load(conn).await? else {
            return Ok(None);
        };
        let size = edge.size();
        let mut kept = Arc::clone(&self.kept());
        if kept.edge != edge {
            let new = kept.grown(conn, &edge, number.into()).await?;
            kept = Arc::new(new.unwrap_or(Kept {
                edge,
                ..Kept::default()
            }));
            *self.kept() = Arc::clone(&kept);
        } else if kept.shown.is_empty() && !kept.tried {
            // Seen for the second time: the log is at rest.
            let begun = Kept::begun(conn, size).await?;
            let new = begun.grown(conn, &edge, ENTRIES_MAX * 2).await?;
            kept = Arc::new(Kept {
                tried: true,
                ..new.unwrap_or(Kept {
                    edge,
                    ..Kept::default()
                })
            });
            *self.kept() = Arc::clone(&kept);
        }
        let number = usize::try_from(size.min(number.into())).unwrap_or(usize::MAX);
        let shown = kept.shown.iter().rev().take(number).cloned();
        let enough = kept.shown.len() >= number;
        Ok(enough.then(|| (shown.map(ShownEntry::Kept).collect(), size)))
    }
}

impl Kept {
    /// Nothing, so far before the end of a log of this size that enough will be there.
    async fn begun(conn: &mut Conn, size: u64) -> Result<Kept, Error> {
        // The nodes of such an edge are put together from stored hashes.
        let from = size.saturating_sub(ENTRIES_MAX) & !0xFF;
        let nodes = RightEdge::nodes_of(from);
        let hashes = store::head::nodes(conn, &nodes).await?;
        let hashes = nodes
            .iter()
            .filter_map(|node| hashes.get(node).copied())
            .collect();
        let edge =
            RightEdge::from_hashes(from, hashes).map_err(|error| store::Error::data(error.to_string()))?;
        Ok(Kept {
            edge,
            ..Kept::default()
        })
    }

    /// The same up to this edge; none where that takes more than so many entries, or where what is read does not lead there.
    async fn grown(&self, conn: &mut Conn, edge: &RightEdge, at_most: u64) -> Result<Option<Kept>, Error> {
        let (from, to) = (self.edge.size(), edge.size());
        let number = to
            .checked_sub(from)
            .filter(|number| (1..=at_most).contains(number));
        let Some(number) = number.and_then(|number| u32::try_from(number).ok()) else {
            return Ok(None);
        };
        let page = Page {
            order: Order::Ascending,
            after: from.checked_sub(1),
            limit: number,
        };
        let mut grown = self.clone();
        let bytes = (Some(BYTES_MAX as u64), None);
        let found = store::query::page_within(conn, &EntryFilter::default(), page, to, bytes).await?;
        for entry in found.entries {
            let ends = erases(&entry) && !self.shown.is_empty();
            if ends || !is_committed(&entry) {
                return Ok(None);
            }
            grown.edge.push(Hash::leaf(entry.leaf.as_bytes()));
            let json = serde_json::value::to_raw_value(&entry)
                .map_err(|error| store::Error::data(error.to_string()))?;
            grown.bytes += json.get().len();
            grown.shown.push_back(json.into());
            while grown.shown.len() as u64 > ENTRIES_MAX || grown.bytes > BYTES_MAX {
                let Some(oldest) = grown.shown.pop_front() else {
                    break;
                };
                grown.bytes -= oldest.get().len();
            }
        }
        Ok((grown.edge == *edge).then_some(grown))
    }
}

/// Whether an entry erases or prunes others.
fn erases(entry: &StoredEntry) -> bool {
    let changes = entry.changes.as_deref().unwrap_or_default();
    [r#""table":"erasures""#, r#""table":"prunings""#]
        .iter()
        .any(|table| changes.contains(table))
}

/// Whether payload and changes are what the leaf commits to. What was erased commits to nothing.
fn is_committed(entry: &StoredEntry) -> bool {
    let Ok(leaf) = Leaf::parse_lenient(&entry.leaf) else {
        return false;
    };
    let payload = match (&entry.payload, &entry.salt) {
        (Some(payload), Some(salt)) => commitment::commit(salt, payload.as_bytes()) == leaf.payload,
        (None, None) => true,
        _ => false,
    };
    payload && leaf.changes == entry.changes.as_deref().map(commitment::changes_digest)
}
