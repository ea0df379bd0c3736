//! Appending: places, leaves, digests, the new root and its signature, and one bulk write per table.

use std::collections::HashMap;

use domain::decision::{Place, Recorded};
use domain::record::{SEALED, row_digest};
use domain::Draft;
use evidence::commitment::{self, ChangeRecord};
use evidence::leaf::Leaf;
use evidence::{Timestamp, json};
use store::sealed::SealedRow;
use store::{Conn, EntryRow, Head};
use tlog::{Checkpoint, Hash, Node, SigningKey};
use uuid::Uuid;

use crate::error::Error;

/// What was appended.
pub struct Appended {
    /// Index of the first new entry.
    pub first: u64,
    /// How many.
    pub count: u64,
    /// Size of the log now.
    pub size: u64,
    /// When they were recorded.
    pub at: Timestamp,
    /// Id of the first new entry.
    pub first_id: Uuid,
    /// Ids of the new entries, for a replay within the batch.
    ids: Vec<Uuid>,
}

/// Rows to write, the last version of each, by table and id.
type Rows = HashMap<(&'static str, Uuid), SealedRow>;

/// Appends drafts to the log whose head is locked. All statements but the commit.
pub async fn append(
    conn: &mut Conn,
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
    for (draft, index) in drafts.into_iter().zip(first..) {
        let changes = seal(draft, index, &mut rows);
        erased.append(&mut draft.erases);
        let entry = entry_row(draft, index, at, changes);
        head.edge.push_with(Hash::leaf(entry.leaf.as_bytes()), |node, hash| {
            if store::head::is_stored(node) {
                subtrees.push((node, hash));
            }
        });
        entries.push(entry);
    }
    head.at = at;
    head.checkpoint = Checkpoint::new(&head.origin, head.edge.size(), head.edge.root())
        .sign(key)
        .map_err(|error| Error::problem(format!("cannot sign the checkpoint: {error}"), "check the signing key"))?;
    store::entries::append(conn, &entries).await?;
    store::head::insert_subtrees(conn, &subtrees).await?;
    write_rows(conn, rows).await?;
    store::entries::erase(conn, &erased).await?;
    head.update(conn).await?;
    let ids: Vec<Uuid> = entries.iter().map(|entry| entry.id).collect();
    Ok(Appended {
        first,
        count: ids.len() as u64,
        size: head.edge.size(),
        at,
        first_id: ids.first().copied().unwrap_or_default(),
        ids,
    })
}

/// Gives the draft's rows their entry, and returns the canonical list of changes.
fn seal(draft: &mut Draft, index: u64, rows: &mut Rows) -> Option<String> {
    if draft.writes.is_empty() {
        return None;
    }
    let mut changes = Vec::with_capacity(draft.writes.len());
    for write in &draft.writes {
        let row = write.values();
        let digest = row_digest(row.table, row.id, &row.values, row.version, index, &row.salt);
        changes.push(ChangeRecord {
            digest: Some(json::hex(&digest)),
            id: row.id,
            table: row.table.name.to_owned(),
            version: row.version,
        });
        let sealed = SealedRow { id: row.id, values: row.values, version: row.version, entry: index, salt: row.salt };
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
        actor: draft.actor.clone(),
        action: draft.action.clone(),
        target_kind: draft.target_kind.clone(),
        target: draft.target.clone(),
        outcome: draft.outcome.as_str(),
        authority: draft.authority.clone(),
        ip: draft.ip.clone(),
        leaf,
        payload: draft.payload.clone(),
        salt: draft.salt,
        changes,
    }
}

/// Writes each table's rows, in the order of the tables' references.
async fn write_rows(conn: &mut Conn, mut rows: Rows) -> Result<(), Error> {
    for table in SEALED {
        if rows.is_empty() {
            return Ok(());
        }
        let mut of_table: Vec<SealedRow> = Vec::new();
        rows.retain(|(name, _), row| {
            let here = *name == table.name;
            if here {
                of_table.push(row.clone());
            }
            !here
        });
        if !of_table.is_empty() {
            of_table.sort_unstable_by_key(|row| row.id);
            store::sealed::upsert(conn, table, &of_table).await?;
        }
    }
    Ok(())
}

/// Gives recorded entries their places: new ones in order from `next`, replays within the batch by id.
pub fn fill_places(recorded: &mut [Recorded], mut next: u64, appended: Option<&Appended>) {
    let Some(appended) = appended else { return };
    for entry in recorded.iter_mut().filter(|entry| entry.place.is_none()) {
        let index = if entry.replayed {
            appended.ids.iter().position(|id| *id == entry.id).map(|position| appended.first + position as u64)
        } else {
            next += 1;
            Some(next - 1)
        };
        entry.place = index.map(|index| Place { index, at: appended.at });
    }
}
