//! Checking entries: columns against leaf bytes, payload and changes against commitments.

use std::borrow::Cow;
use std::collections::BTreeMap;

use evidence::commitment::{self, ChangeRecord, Salt};
use evidence::json;
use evidence::leaf::{Leaf, Outcome, RecordedBy, RecorderKind};
use evidence::payload::{ActorKind, Found};
use evidence::time::Timestamp;
use store::Conn;
use store::entries::EntryView;
use tlog::Hash;
use uuid::Uuid;

use super::{CHUNK, Finding};

/// What came of a chunk of entries.
pub struct Chunk {
    /// Its number, counted from 0.
    pub number: u64,
    /// Leaf hashes, one for each index; the empty hash where an entry is missing.
    pub leaves: Vec<Hash>,
    /// What is wrong.
    pub findings: Vec<Finding>,
    /// Rows that its entries wrote.
    pub changes: Vec<(u64, Vec<ChangeRecord>)>,
    /// How many writes those are, by table.
    pub written: BTreeMap<String, u64>,
    /// Indexes of entries without a payload, in order.
    pub missing: Vec<u64>,
    /// Times of the first and last entry.
    pub times: Option<(Timestamp, Timestamp)>,
}

/// Checks the entries of a chunk, which are those below `size`, and shows each to `also`.
pub async fn check_chunk(
    conn: &mut Conn,
    number: u64,
    size: u64,
    also: &mut (dyn FnMut(&EntryView<'_>) + Send),
) -> Result<Chunk, store::Error> {
    let from = number * CHUNK;
    let to = size.min(from + CHUNK);
    let mut chunk = Chunk {
        number,
        leaves: Vec::with_capacity(usize::try_from(to - from).unwrap_or_default()),
        findings: Vec::new(),
        changes: Vec::new(),
        written: BTreeMap::new(),
        missing: Vec::new(),
        times: None,
    };
    let mut scratch = String::with_capacity(1_024);
    let mut visit = |view: Result<EntryView<'_>, store::Error>| match view {
        Ok(view) => {
            chunk.skip_to(from, view.entry);
            chunk.take(&view, &mut scratch);
            also(&view);
        }
        Err(error) => {
            let index = from + chunk.leaves.len() as u64;
            chunk
                .findings
                .push(Finding::new("entries", error.message).entry(index));
            chunk.leaves.push(Hash::EMPTY);
        }
    };
    store::entries::visit(conn, from, to, &mut visit).await?;
    chunk.skip_to(from, to);
    Ok(chunk)
}

impl Chunk {
    /// Names the entries that are missing before `index`.
    fn skip_to(&mut self, from: u64, index: u64) {
        while from + (self.leaves.len() as u64) < index {
            let missing = from + self.leaves.len() as u64;
            self.findings
                .push(Finding::new("entries", "the entry is missing").entry(missing));
            self.leaves.push(Hash::EMPTY);
        }
    }

    fn take(&mut self, view: &EntryView<'_>, scratch: &mut String) {
        self.leaves.push(Hash::leaf(view.leaf.as_bytes()));
        if view.payload.is_none() {
            self.missing.push(view.entry);
        }
        if let Some(at) = view.at {
            if let Some((_, last)) = self.times
                && at < last
            {
                self.findings
                    .push(finding(view, "at is earlier than in the entry before it"));
            }
            self.times = Some((self.times.map_or(at, |(first, _)| first), at));
        }
        if !agrees(view, scratch) {
            self.findings.push(finding(view, difference(view)));
        } else if let Some(what) = payload_columns(view) {
            self.findings.push(finding(view, what));
        }
        if let Some(changes) = view.changes {
            match commitment::parse_changes(changes) {
                Ok(records) => {
                    for record in &records {
                        match self.written.get_mut(&record.table) {
                            Some(count) => *count += 1,
                            None => drop(self.written.insert(record.table.clone(), 1)),
                        }
                    }
                    self.changes.push((view.entry, records));
                }
                Err(error) => self.findings.push(finding(view, format!("changes: {error}"))),
            }
        }
    }
}

fn finding(view: &EntryView<'_>, what: impl Into<String>) -> Finding {
    Finding::new("entries", what).id(view.id).entry(view.entry)
}

/// Whether the leaf is, byte for byte, what the columns say: the quick test that nearly every entry passes.
fn agrees(view: &EntryView<'_>, scratch: &mut String) -> bool {
    let Some(leaf) = leaf_of_columns(view) else {
        return false;
    };
    scratch.clear();
    leaf.write(scratch);
    *scratch == *view.leaf
}

/// The leaf that the columns give; `None` where a column holds no such word.
fn leaf_of_columns<'a>(view: &EntryView<'a>) -> Option<Leaf<'a>> {
    // Which ids are ours only the leaf tells; where it shows one, the column must be that one.
    let ours = |marker: &str, column: Option<&str>| {
        view.leaf
            .contains(marker)
            .then(|| column.and_then(canonical_uuid))
            .map(Option::unwrap_or_default)
    };
    let payload = match (view.payload, view.salt) {
        (Some(payload), Some(salt)) => commitment::commit(&Salt(salt.try_into().ok()?), payload.as_bytes()),
        (None, None) => payload_digest_of(view.leaf)?,
        _ => return None,
    };
    Some(Leaf {
        id: view.id,
        at: view.at?,
        recorded_by: RecordedBy {
            kind: RecorderKind::parse(view.recorded_by_kind)?,
            id: view.recorded_by_id,
        },
        actor_kind: ActorKind::parse(view.actor_kind)?,
        actor_id: ours("\",\"actor\":{\"id\":\"", view.actor),
        action: Cow::Borrowed(view.action),
        target_kind: view.target_kind.map(Cow::Borrowed),
        target_id: ours("},\"target\":{\"id\":\"", view.target),
        outcome: Outcome::parse(view.outcome)?,
        authority: Cow::Borrowed(view.authority),
        payload,
        changes: view.changes.map(commitment::changes_digest),
    })
}

/// A UUID in the one form that the program writes: others are found by no filter.
fn canonical_uuid(text: &str) -> Option<Uuid> {
    let mut buffer = [0; uuid::fmt::Hyphenated::LENGTH];
    Uuid::try_parse(text)
        .ok()
        .filter(|id| id.hyphenated().encode_lower(&mut buffer) == text)
}

fn payload_digest_of(leaf: &str) -> Option<[u8; 32]> {
    const MARKER: &str = "\",\"payload\":\"";
    let start = leaf.find(MARKER)? + MARKER.len();
    json::from_hex(leaf.get(start..start + 64)?)
}

/// Names what differs between the columns and the leaf.
fn difference(view: &EntryView<'_>) -> String {
    let leaf = match Leaf::parse(view.leaf) {
        Ok(leaf) => leaf,
        Err(error) => return format!("leaf: {error}"),
    };
    if view.payload.is_some() != view.salt.is_some() {
        return "payload and salt are not both there or both erased".to_owned();
    }
    let id_text = |id: Option<Uuid>| id.map(|id| id.to_string());
    let ours = |id: Option<Uuid>, column: Option<&str>| id.is_none() || column == id_text(id).as_deref();
    let columns = [
        ("id", view.id == leaf.id),
        ("at", view.at == Some(leaf.at)),
        (
            "recorded_by_kind",
            view.recorded_by_kind == leaf.recorded_by.kind.as_str(),
        ),
        ("recorded_by_id", view.recorded_by_id == leaf.recorded_by.id),
        ("actor_kind", view.actor_kind == leaf.actor_kind.as_str()),
        ("actor", ours(leaf.actor_id, view.actor)),
        ("action", view.action == leaf.action),
        ("target_kind", view.target_kind == leaf.target_kind.as_deref()),
        ("target", ours(leaf.target_id, view.target)),
        ("outcome", view.outcome == leaf.outcome.as_str()),
        ("authority", view.authority == leaf.authority),
        (
            "changes",
            view.changes.map(commitment::changes_digest) == leaf.changes,
        ),
    ];
    let wrong: Vec<&str> = columns
        .iter()
        .filter(|(_, same)| !same)
        .map(|(column, _)| *column)
        .collect();
    if wrong.is_empty() {
        "payload or salt is not what the leaf commits to".to_owned()
    } else {
        format!("{} differs from the leaf", wrong.join(", "))
    }
}

/// Compares the columns that are filled from the payload with it.
fn payload_columns(view: &EntryView<'_>) -> Option<String> {
    let found = match view.payload.map(Found::parse).transpose() {
        Ok(found) => found.unwrap_or_default(),
        Err(error) => return Some(format!("payload: {error}")),
    };
    let actor_is_ours = view.leaf.contains("\",\"actor\":{\"id\":\"");
    let target_is_ours = view.leaf.contains("},\"target\":{\"id\":\"");
    if !actor_is_ours && view.actor != found.actor() {
        return Some("actor differs from the payload".to_owned());
    }
    if !target_is_ours && view.target != found.target() {
        return Some("target differs from the payload".to_owned());
    }
    if view.occurred_at != found.occurred_at {
        return Some("occurred_at differs from the payload".to_owned());
    }
    (view.ip != found.ip()).then(|| "ip differs from the payload".to_owned())
}
