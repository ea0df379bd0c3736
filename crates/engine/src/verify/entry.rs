//! Checking entries: columns against leaf bytes, payload and changes against commitments.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::Range;

use evidence::Gone;
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

/// Sees each entry that is checked.
type Also<'a> = &'a mut (dyn FnMut(&EntryView<'_>) + Send);

/// What a verification finds in this entry by itself.
pub(super) async fn check_one(conn: &mut Conn, index: u64) -> Result<Vec<Finding>, store::Error> {
    let chunk = check_range(conn, index / CHUNK, index..index + 1, &mut |_| {}).await?;
    Ok(chunk.findings)
}

/// The leaf of this entry as its columns have it, with its hash of the payload where that is there; none where they do not read.
pub(crate) async fn leaf_by_columns(conn: &mut Conn, index: u64) -> Result<Option<String>, store::Error> {
    let mut found = None;
    let mut visit = |view: Result<EntryView<'_>, store::Error>| {
        let leaf = view.ok().and_then(|view| {
            let all = Ours {
                actor: view.actor.and_then(canonical_uuid).is_some(),
                target: view.target.and_then(canonical_uuid).is_some(),
            };
            leaf_with(&view, all, payload_digest(&view).unwrap_or_default()).map(|leaf| leaf.to_text())
        });
        found = leaf;
    };
    store::entries::visit(conn, index, index + 1, &mut visit).await?;
    Ok(found)
}

/// Checks the entries of a chunk, which are those below `size`, and shows each to `also`.
pub async fn check_chunk(
    conn: &mut Conn,
    number: u64,
    size: u64,
    also: Also<'_>,
) -> Result<Chunk, store::Error> {
    let from = number * CHUNK;
    check_range(conn, number, from..size.min(from + CHUNK), also).await
}

/// Checks these entries, which are of the chunk of this number.
async fn check_range(
    conn: &mut Conn,
    number: u64,
    Range { start: from, end: to }: Range<u64>,
    also: Also<'_>,
) -> Result<Chunk, store::Error> {
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
        let ours = Ours::of(view);
        let what = if agrees(view, ours, scratch) {
            payload_columns(view, ours)
        } else {
            Some(difference(view))
        };
        self.findings.extend(what.map(|what| finding(view, what)));
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
fn agrees(view: &EntryView<'_>, ours: Ours, scratch: &mut String) -> bool {
    let Some(leaf) = leaf_of_columns(view, ours) else {
        return false;
    };
    scratch.clear();
    leaf.write(scratch);
    *scratch == *view.leaf
}

/// Which ids are ours: those that the leaf shows. Where it shows one, the column must be that one.
#[derive(Clone, Copy)]
struct Ours {
    actor: bool,
    target: bool,
}

impl Ours {
    /// In its one form a leaf begins with the action and the actor, and ends with who recorded it, or with the target behind
    /// that. So neither is searched for, unless the leaf has another form.
    fn of(view: &EntryView<'_>) -> Ours {
        const ACTOR: &str = "\",\"actor\":{\"id\":\"";
        const TARGET: &str = "},\"target\":{\"id\":\"";
        let begin = view.leaf.strip_prefix("{\"action\":\"");
        let actor = match begin.and_then(|begin| begin.strip_prefix(view.action)) {
            Some(actor) if actor.starts_with("\",\"actor\":{") => actor.starts_with(ACTOR),
            _ => view.leaf.contains(ACTOR),
        };
        let kind = view.target_kind.unwrap_or(view.recorded_by_kind);
        let target = match last_reference(view.leaf, kind) {
            Some((before, has_id)) if before.ends_with("},\"target\":") => has_id,
            Some((before, _)) if before.ends_with(",\"recorded_by\":") => false,
            _ => view.leaf.contains(TARGET),
        };
        Ours { actor, target }
    }
}

/// What stands before a leaf's last reference, if that is of this kind, and whether the reference has an id.
fn last_reference<'a>(leaf: &'a str, kind: &str) -> Option<(&'a str, bool)> {
    let end = leaf.strip_suffix("\"},\"v\":1}")?.strip_suffix(kind)?;
    let end = end.strip_suffix("\"kind\":\"")?;
    if let Some(before) = end.strip_suffix('{') {
        return Some((before, false));
    }
    let id = end.strip_suffix("\",")?;
    let before = id.get(..id.len().checked_sub(uuid::fmt::Hyphenated::LENGTH)?)?;
    before.strip_suffix("{\"id\":\"").map(|before| (before, true))
}

/// The leaf that the columns give; `None` where a column holds no such word.
fn leaf_of_columns<'a>(view: &EntryView<'a>, ours: Ours) -> Option<Leaf<'a>> {
    leaf_with(view, ours, payload_digest(view)?)
}

/// What commits to the payload: where that is gone, as the leaf has it.
fn payload_digest(view: &EntryView<'_>) -> Option<[u8; 32]> {
    match (view.payload, view.salt) {
        (Some(payload), Some(salt)) => Some(commitment::commit(
            &Salt(salt.try_into().ok()?),
            payload.as_bytes(),
        )),
        (None, None) => payload_digest_of(view.leaf),
        _ => None,
    }
}

fn leaf_with<'a>(view: &EntryView<'a>, ours: Ours, payload: [u8; 32]) -> Option<Leaf<'a>> {
    let id = |is_ours: bool, column: Option<&str>| {
        is_ours
            .then(|| column.and_then(canonical_uuid))
            .map(Option::unwrap_or_default)
    };
    Some(Leaf {
        id: view.id,
        at: view.at?,
        recorded_by: RecordedBy {
            kind: RecorderKind::parse(view.recorded_by_kind)?,
            id: view.recorded_by_id,
        },
        actor_kind: ActorKind::parse(view.actor_kind)?,
        actor_id: id(ours.actor, view.actor),
        action: Cow::Borrowed(view.action),
        target_kind: view.target_kind.map(Cow::Borrowed),
        target_id: id(ours.target, view.target),
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
        return Gone::HALF.to_owned();
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
fn payload_columns(view: &EntryView<'_>, ours: Ours) -> Option<String> {
    let found = match view.payload.map(Found::parse).transpose() {
        Ok(found) => found.unwrap_or_default(),
        Err(error) => return Some(format!("payload: {error}")),
    };
    if !ours.actor && view.actor != found.actor() {
        return Some("actor differs from the payload".to_owned());
    }
    if !ours.target && view.target != found.target() {
        return Some("target differs from the payload".to_owned());
    }
    if view.occurred_at != found.occurred_at {
        return Some("occurred_at differs from the payload".to_owned());
    }
    (view.ip != found.ip()).then(|| "ip differs from the payload".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whose_ids_are_ours_is_read_off_the_leaf() {
        let id = Some(Uuid::from_u128(7));
        for number in 0..64 {
            let bit = |bit: u32| number >> bit & 1 == 1;
            let leaf = Leaf {
                id: Uuid::from_u128(1),
                at: Timestamp::EPOCH,
                recorded_by: RecordedBy {
                    kind: RecorderKind::ApiKey,
                    id: id.filter(|_| bit(0)),
                },
                actor_kind: ActorKind::User,
                actor_id: id.filter(|_| bit(1)),
                // One has a form that no action has.
                action: Cow::Borrowed(if bit(2) {
                    "order\",\"actor\":{\"id"
                } else {
                    "order"
                }),
                target_kind: bit(3).then(|| Cow::Borrowed(if bit(4) { "api_key" } else { "target" })),
                target_id: id.filter(|_| bit(3) && bit(5)),
                outcome: Outcome::Success,
                authority: Cow::Borrowed("role:admin"),
                payload: [7; 32],
                changes: None,
            };
            let text = leaf.to_text();
            let mut view = EntryView {
                entry: 0,
                id: leaf.id,
                at: Some(leaf.at),
                recorded_by_kind: leaf.recorded_by.kind.as_str(),
                recorded_by_id: leaf.recorded_by.id,
                actor_kind: leaf.actor_kind.as_str(),
                actor: None,
                action: &leaf.action,
                target_kind: leaf.target_kind.as_deref(),
                target: None,
                outcome: leaf.outcome.as_str(),
                authority: &leaf.authority,
                ip: None,
                leaf: &text,
                payload: None,
                salt: None,
                changes: None,
                occurred_at: None,
            };
            let expected = (leaf.actor_id.is_some(), leaf.target_id.is_some());
            let ours = Ours::of(&view);
            assert_eq!((ours.actor, ours.target), expected, "{text}");
            // Whatever the columns say.
            (view.action, view.target_kind) = ("x", None);
            let ours = Ours::of(&view);
            assert_eq!((ours.actor, ours.target), expected, "{text}");
        }
    }
}
