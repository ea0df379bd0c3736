//! The form of a backup: names, members, lines. Everything that is written or read of it is here, once.
//!
//! A backup is a tar inside zstd. Its members, in this order, and no others: `manifest.json`, the entries in members of
//! [`MEMBER_ENTRIES`] each, the sealed tables in the order of [`SEALED`], the last-seen marks, and `end.json`. A line of an
//! entry has leaf, payload and list of changes byte for byte; every other column follows from them. A line of a row has
//! the very text that the row's digest covers, so that both prove themselves without a database.

use std::collections::BTreeMap;

use domain::audit::pruning::{Pruning, pruned};
use domain::record::{DecodeError, Record as _, Table, Val, read_row, write_row};
use domain::tables::{SEALED, Stored};
use evidence::commitment::Salt;
use evidence::json::{self, ObjectWriter};
use evidence::shown::Parts;
use evidence::time::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use store::StoredEntry;
use store::side::{Mark, SeenKind};
use uuid::Uuid;

/// The version of the form, in manifest and sidecar.
pub const FORMAT: u64 = 1;

/// The version of what an erasing command leaves. At first it had no proof.
pub const ERASED_FORMAT: u64 = 2;

/// Entries in a member; the last one may have fewer.
pub const MEMBER_ENTRIES: u64 = 65_536;

/// The first member.
pub const MANIFEST: &str = "manifest.json";

/// The last member.
pub const END: &str = "end.json";

/// The member of the last-seen marks.
pub const LAST_SEEN: &str = "tables/last_seen.jsonl";

/// Tables that are not in a backup, and why. Every other one is.
pub const LEFT_OUT: &[(&str, &str)] = &[
    ("log_head", "follows from the entries and the checkpoint"),
    ("subtrees", "follow from the entries"),
    ("schema_migrations", "are applied anew"),
    ("counters", "of rate limits are over within the hour"),
    ("jobs", "of this installation: when its own ran"),
    (
        "roots",
        "of traces whose steps have not come yet are over within the hour",
    ),
    ("leases", "of processes are over within the minute"),
];

/// The member of the entries from `number * MEMBER_ENTRIES`.
pub fn entries_member(number: u64) -> String {
    format!("entries/{number:08}.jsonl")
}

/// The member of a sealed table.
pub fn table_member(table: &Table) -> String {
    format!("tables/{}.jsonl", table.name)
}

/// The names of all members of a backup of so many entries, in their order.
pub fn members(entries: u64) -> impl Iterator<Item = String> {
    let parts = (0..entries.div_ceil(MEMBER_ENTRIES)).map(entries_member);
    std::iter::once(MANIFEST.to_owned())
        .chain(parts)
        .chain(SEALED.iter().map(|table| table_member(table)))
        .chain([LAST_SEEN.to_owned(), END.to_owned()])
}

/// The first member: what the backup is of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// [`FORMAT`].
    pub format: u64,
    /// Name and version of the program that wrote it.
    pub program: String,
    /// The schema's last migration.
    pub schema: i64,
    /// The engine it comes from: `sqlite` or `postgres`.
    pub engine: String,
    /// Name of the log.
    pub origin: String,
    /// The key that checks the log's signatures.
    pub key: String,
    /// When writing began.
    pub began: Timestamp,
    /// The database was found to be tampered with, and was written all the same.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub even_tampered: bool,
}

/// What a member holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Member {
    /// Its length.
    pub bytes: u64,
    /// SHA-256 of it, in lower-case hex.
    pub sha256: String,
}

/// The last member: what the backup holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct End {
    /// The log's signed checkpoint at the snapshot.
    pub checkpoint: String,
    /// Size of the log.
    pub entries: u64,
    /// Rows by sealed table; and marks, of `last_seen`.
    pub tables: BTreeMap<String, u64>,
    /// Every member before this one.
    pub members: BTreeMap<String, Member>,
    /// When the snapshot was taken.
    pub snapshot_at: Timestamp,
}

/// How a file is encrypted, by age.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Encryption {
    /// To the public keys of recipients.
    Recipients,
}

/// What lies beside the file as `NAME.json`, and is all that lists read. It is written last: without it there is no backup.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sidecar {
    /// [`FORMAT`].
    pub format: u64,
    /// Name of the file.
    pub file: String,
    /// Its length as stored.
    pub bytes: u64,
    /// SHA-256 of it as stored.
    pub sha256: String,
    /// How it is encrypted.
    pub encrypted: Option<Encryption>,
    /// The first member.
    pub manifest: Manifest,
    /// As in the last member.
    pub checkpoint: String,
    /// As in the last member.
    pub entries: u64,
    /// As in the last member.
    pub tables: BTreeMap<String, u64>,
    /// As in the last member.
    pub snapshot_at: Timestamp,
    /// When somebody last checked the whole file.
    pub verified_at: Option<Timestamp>,
}

/// What an erasing command leaves beside the backups, so that none of them brings back what it erased. Nothing in it is
/// personal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ErasedLater {
    /// [`ERASED_FORMAT`].
    pub format: u64,
    /// Name of the log.
    pub origin: String,
    /// When it was erased.
    pub at: Timestamp,
    /// Index of the command's first entry.
    pub entry: u64,
    /// Entries whose payload it erased.
    pub entries: Vec<u64>,
    /// Users that it erased.
    pub users: Vec<Uuid>,
    /// What proves all this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proof: Option<Proof>,
}

impl ErasedLater {
    /// Whether both say that the same was erased, whatever proves it.
    pub fn says_the_same(&self, other: &ErasedLater) -> bool {
        let what = |one: &ErasedLater| (one.at, one.entry, one.entries.clone(), one.users.clone());
        self.origin == other.origin && what(self) == what(other)
    }
}

/// That a log erased something: its entry under a signed checkpoint, and the rows that the entry commits to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Proof {
    /// The entry's list of changes, byte for byte.
    pub changes: String,
    /// The rows of `erasures` among them.
    pub erasures: Vec<ErasureRow>,
    /// The entry's leaf, byte for byte.
    pub leaf: String,
    /// Its receipt (C2SP tlog-proof).
    pub receipt: String,
}

/// A row of `erasures`, with the salt of its digest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ErasureRow {
    /// Index of the erased entry.
    pub erased: u64,
    /// Its id.
    pub id: Uuid,
    /// The row's salt, in lower-case hex.
    pub salt: String,
}

/// The origin as it stands in names of files.
fn in_names(origin: &str) -> String {
    let kept = |c: char| c.is_ascii_alphanumeric() || c == '.' || c == '-';
    origin.chars().map(|c| if kept(c) { c } else { '_' }).collect()
}

/// How the names of a log's files begin.
pub fn prefix(origin: &str) -> String {
    format!("probity-{}-", in_names(origin))
}

/// The name of a backup's file.
pub fn file_name(origin: &str, snapshot_at: Timestamp, entries: u64, encrypted: bool) -> String {
    // 2026-11-28T02:15:00.123456Z without its fraction and its punctuation.
    let at: String = snapshot_at
        .to_string()
        .chars()
        .take(19)
        .filter(|c| !matches!(c, '-' | ':'))
        .collect();
    let end = if encrypted { ".age" } else { "" };
    format!("{}{at}Z-{entries}.tar.zst{end}", prefix(origin))
}

/// The name of what lies beside it.
pub fn sidecar_name(file: &str) -> String {
    format!("{file}.json")
}

/// How the names of what a log's erasing commands leave begin.
fn erased_prefix(origin: &str) -> String {
    format!("{}erased-", prefix(origin))
}

/// The name of what an erasing command leaves. It ends with a digest of what that says, without what proves it: a log that was
/// restored, and lacks entries of before, may erase at the same index again.
pub fn erased_name(erased: &ErasedLater) -> String {
    let said = ErasedLater {
        proof: None,
        ..erased.clone()
    };
    let digest = &json::hex(&Sha256::digest(document(&said)))[..16];
    format!(
        "{}{:012}-{digest}.json",
        erased_prefix(&erased.origin),
        erased.entry
    )
}

/// Whether a file has such a name; it had no digest at first.
pub fn is_erased_name(origin: &str, name: &str) -> bool {
    let rest = name.strip_prefix(&erased_prefix(origin));
    let Some(rest) = rest.and_then(|rest| rest.strip_suffix(".json")) else {
        return false;
    };
    let (entry, digest) = rest.split_once('-').unwrap_or((rest, ""));
    let hex = |c: char| c.is_ascii_digit() || ('a'..='f').contains(&c);
    entry.len() >= 12
        && entry.chars().all(|c| c.is_ascii_digit())
        && [0, 16].contains(&digest.len())
        && digest.chars().all(hex)
}

/// A document of a backup as it is stored: one line of JSON.
pub fn document(value: &impl Serialize) -> Vec<u8> {
    // These types have texts as keys, and so cannot fail.
    let mut text = serde_json::to_vec(value).unwrap_or_default();
    text.push(b'\n');
    text
}

/// Appends the line of an entry.
pub fn write_entry(entry: &Parts<'_>, out: &mut String) {
    let mut object = ObjectWriter::new(out);
    object.optional("changes", entry.changes);
    object.key("entry").push_str(&entry.index.to_string());
    object.string("leaf", entry.leaf);
    object.optional("payload", entry.payload);
    if let Some(salt) = entry.salt {
        write_hex(&salt.0, object.key("salt"));
    }
    object.end();
    out.push('\n');
}

/// Appends the line of a row.
pub fn write_stored(table: &'static Table, row: &Stored, out: &mut String) {
    let mut object = ObjectWriter::new(out);
    write_row(
        table,
        row.id,
        &row.values,
        (row.version, row.entry),
        object.key("row"),
    );
    write_hex(&row.salt.0, object.key("salt"));
    object.end();
    out.push('\n');
}

/// Appends the line of a last-seen mark.
pub fn write_mark((kind, id, at): &Mark, out: &mut String) {
    let mut object = ObjectWriter::new(out);
    object.string("at", &at.to_string());
    object.string("id", &id.to_string());
    object.string("kind", kind.as_str());
    object.end();
    out.push('\n');
}

fn write_hex(bytes: &[u8], out: &mut String) {
    out.push('"');
    json::write_hex(bytes, out);
    out.push('"');
}

/// A line that is none of this form.
#[derive(Debug, thiserror::Error)]
pub enum LineError {
    /// Not JSON of the right members.
    #[error("{0}")]
    Json(#[from] serde_json::Error),
    /// Not a row of its table.
    #[error("{0}")]
    Row(#[from] DecodeError),
    /// A value that is none.
    #[error("`{0}` is not a {0}")]
    Value(&'static str),
}

fn salt(hex: &str) -> Result<Salt, LineError> {
    Salt::from_hex(hex).ok_or(LineError::Value("salt"))
}

/// Reads the line of an entry.
pub fn read_entry(line: &str) -> Result<StoredEntry, LineError> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Line {
        changes: Option<String>,
        entry: u64,
        leaf: String,
        payload: Option<String>,
        salt: Option<String>,
    }
    let line: Line = serde_json::from_str(line)?;
    Ok(StoredEntry {
        entry: line.entry,
        leaf: line.leaf,
        payload: line.payload,
        salt: line.salt.as_deref().map(salt).transpose()?,
        changes: line.changes,
        gone: evidence::Gone::default(),
    })
}

/// The entries that a row says were pruned.
pub fn pruned_in(table: &Table, row: &Stored) -> impl Iterator<Item = u64> {
    let said = match (table == Pruning::TABLE, &row.values[..]) {
        (true, [Val::Int(bucket), Val::Bytes(bits)]) => {
            u64::try_from(*bucket).ok().map(|bucket| pruned(bucket, bits))
        }
        _ => None,
    };
    said.into_iter().flatten()
}

/// Reads the line of a row.
pub fn read_stored(table: &'static Table, line: &str) -> Result<Stored, LineError> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Line {
        row: Map<String, Value>,
        salt: String,
    }
    let line: Line = serde_json::from_str(line)?;
    let row = read_row(table, line.row)?;
    Ok(Stored {
        id: row.id,
        values: row.values,
        version: row.version,
        entry: row.entry,
        salt: salt(&line.salt)?,
    })
}

/// Reads the line of a last-seen mark.
pub fn read_mark(line: &str) -> Result<Mark, LineError> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Line {
        at: Timestamp,
        id: Uuid,
        kind: String,
    }
    let line: Line = serde_json::from_str(line)?;
    let kind = SeenKind::parse(&line.kind).ok_or(LineError::Value("kind"))?;
    Ok((kind, line.id, line.at))
}

#[cfg(test)]
#[path = "format_tests.rs"]
mod tests;
