//! Appending: places, leaves, digests, the new root and its signature; then one bulk write per table.

use std::collections::HashMap;

use domain::Draft;
use domain::decision::{Place, Recorded};
use domain::record::{Table, row_digest};
use domain::tables::SEALED;
use evidence::commitment::{self, ChangeRecord};
use evidence::leaf::Leaf;
use evidence::{Timestamp, json};
use store::batch::Batch;
use store::sealed::SealedRow;
use store::{EntryRow, Head, StoredEntry};
use tlog::{Checkpoint, Hash, Node, SigningKey};
use uuid::Uuid;

use crate::error::Error;
use crate::seals::Seal;

/// What a batch appends, ready to be written.
pub struct Appended {
    /// Index of the first new entry.
    pub first: u64,
    /// When they are recorded.
    pub at: Timestamp,
    entries: Vec<EntryRow>,
    subtrees: Vec<(Node, Hash)>,
    rows: Vec<(&'static Table, Vec<SealedRow>)>,
    erased: Vec<u64>,
    head: Head,
    /// Version and digest of every row written, the last one of a row last.
    pub(crate) seals: Vec<(&'static str, Uuid, Seal)>,
}

/// Rows to write, the last version of each, by table and id.
type Rows = HashMap<(&'static str, Uuid), SealedRow>;

impl Appended {
    /// Whether it writes rows, beside entries.
    pub fn writes_rows(&self) -> bool {
        !self.rows.is_empty()
    }

    /// How many entries.
    pub fn count(&self) -> u64 {
        self.entries.len() as u64
    }

    /// Size of the log with them.
    pub fn size(&self) -> u64 {
        self.head.edge.size()
    }

    /// The head as it is once they are committed.
    pub(crate) fn head(&self) -> &Head {
        &self.head
    }

    /// Whether this is the first new entry, as it was written.
    pub fn begins_with(&self, found: &StoredEntry) -> bool {
        let first = self.entries.first();
        first.is_some_and(|first| first.entry == found.entry && first.leaf == found.leaf)
    }

    /// What is to be written.
    pub fn batch(&self) -> Batch<'_> {
        Batch {
            entries: &self.entries,
            subtrees: &self.subtrees,
            rows: &self.rows,
            erased: &self.erased,
            head: &self.head,
        }
    }
}

/// Appends drafts to the head: places, leaves, digests, root and signature. Nothing is written yet.
pub fn append(
    key: &SigningKey,
    mut head: Head,
    drafts: Vec<&mut Draft>,
    now: Timestamp,
) -> Result<Appended, Error> {
    // Other processes' clocks may be ahead; along the log, time never goes back.
    let at = now.max(head.at);
    let first = head.edge.size();
    let mut rows = Rows::new();
    let mut entries = Vec::with_capacity(drafts.len());
    let mut subtrees: Vec<(Node, Hash)> = Vec::new();
    let mut erased = Vec::new();
    let mut seals = Vec::new();
    for (draft, index) in drafts.into_iter().zip(first..) {
        let changes = seal(draft, index, &mut rows, &mut seals);
        erased.append(&mut draft.erases);
        let entry = entry_row(draft, index, at, changes);
        head.edge
            .push_with(Hash::leaf(entry.leaf.as_bytes()), |node, hash| {
                if store::head::is_stored(node) {
                    subtrees.push((node, hash));
                }
            });
        entries.push(entry);
    }
    head.at = at;
    head.checkpoint = Checkpoint::new(&head.origin, head.edge.size(), head.edge.root())
        .sign(key)
        .map_err(|error| {
            Error::problem(
                format!("cannot sign the checkpoint: {error}"),
                "check the signing key",
            )
        })?;
    Ok(Appended {
        first,
        at,
        entries,
        subtrees,
        rows: by_table(rows),
        erased,
        head,
        seals,
    })
}

/// Gives the draft's rows their entry, and returns the canonical list of changes.
fn seal(
    draft: &mut Draft,
    index: u64,
    rows: &mut Rows,
    seals: &mut Vec<(&'static str, Uuid, Seal)>,
) -> Option<String> {
    if draft.writes.is_empty() {
        return None;
    }
    let mut changes = Vec::with_capacity(draft.writes.len());
    for write in &mut draft.writes {
        write.written_by(index);
        let row = write.values();
        let digest = row_digest(row.table, row.id, &row.values, row.version, index, &row.salt);
        seals.push((row.table.name, row.id, (row.version, digest)));
        changes.push(ChangeRecord {
            digest: Some(json::hex(&digest)),
            id: row.id,
            table: row.table.name.to_owned(),
            version: row.version,
        });
        let before = rows.get(&(row.table.name, row.id));
        let sealed = SealedRow {
            new: before.map_or(row.version == 1, |before| before.new),
            id: row.id,
            values: row.values,
            version: row.version,
            entry: index,
            salt: row.salt,
        };
        rows.insert((row.table.name, row.id), sealed);
    }
    Some(commitment::changes_text(&changes))
}

fn entry_row(draft: &mut Draft, index: u64, at: Timestamp, changes: Option<String>) -> EntryRow {
    let leaf = Leaf {
        id: draft.id,
        at,
        recorded_by: draft.recorded_by,
        actor_kind: draft.actor_kind,
        actor_id: draft.actor_id,
        action: (&*draft.action).into(),
        target_kind: draft.target_kind.as_deref().map(Into::into),
        target_id: draft.target_id,
        outcome: draft.outcome,
        authority: (&*draft.authority).into(),
        payload: draft.commitment,
        changes: changes.as_deref().map(commitment::changes_digest),
    }
    .to_text();
    EntryRow {
        entry: index,
        id: draft.id,
        at,
        recorded_by_kind: draft.recorded_by.kind.as_str(),
        recorded_by_id: draft.recorded_by.id,
        actor_kind: draft.actor_kind.as_str(),
        actor: draft.actor.take(),
        action: std::mem::take(&mut draft.action),
        target_kind: draft.target_kind.take(),
        target: draft.target.take(),
        outcome: draft.outcome.as_str(),
        authority: std::mem::take(&mut draft.authority),
        ip: draft.ip.take(),
        leaf,
        payload: Some(std::mem::take(&mut draft.payload)),
        salt: Some(draft.salt),
        changes,
        occurred_at: draft.occurred_at,
    }
}

/// Each table's rows in key order, the tables in the order of their references.
fn by_table(mut rows: Rows) -> Vec<(&'static Table, Vec<SealedRow>)> {
    let mut tables = Vec::new();
    for table in SEALED {
        let mut of_table: Vec<SealedRow> = rows
            .extract_if(|(name, _), _| *name == table.name)
            .map(|(_, row)| row)
            .collect();
        if !of_table.is_empty() {
            of_table.sort_unstable_by_key(|row| row.id);
            tables.push((*table, of_table));
        }
    }
    tables
}

/// Gives recorded entries their places: new ones in order from `next`, replays within the batch by id.
pub fn fill_places(recorded: &mut [Recorded], mut next: u64, appended: Option<&Appended>) {
    let Some(appended) = appended else { return };
    for entry in recorded.iter_mut().filter(|entry| entry.place.is_none()) {
        let index = if entry.replayed {
            appended
                .entries
                .iter()
                .position(|new| new.id == entry.id)
                .map(|position| appended.first + position as u64)
        } else {
            next += 1;
            Some(next - 1)
        };
        entry.place = index.map(|index| Place {
            index,
            at: appended.at,
        });
    }
}
