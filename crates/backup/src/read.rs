//! Reading a backup: every byte is checked as it goes by, and what is read is handed on in parts, so that memory does not
//! grow with the file.
//!
//! Whoever made the file may have made it up: lines, members and the whole have bounds, a name that is not the next one is
//! refused, and nothing is written anywhere.

pub(crate) mod age;
mod line;
mod stored;

use std::collections::BTreeMap;
use std::fmt;
use std::io::{self, Read};
use std::path::Path;

use domain::record::Table;
use domain::tables::{SEALED, Stored};
use evidence::commitment;
use evidence::json;
use evidence::leaf::Leaf;
use evidence::time::Timestamp;
use store::EntryRow;
use store::migrate::MIGRATIONS;
use store::side::Mark;
use tlog::{Checkpoint, Hash, Node, RightEdge, VerifierKey};

use crate::error::Error;
use crate::fault::Fault;
use crate::format::{self, END, End, FORMAT, LAST_SEEN, MANIFEST, MEMBER_ENTRIES, Manifest, Member, Sidecar};
use crate::place::DOCUMENT_MAX;
use line::Lines;
use stored::Unpacked;

/// A part is handed on once it has so many lines, or so many bytes.
const PART_LINES: usize = 4_096;
const PART_BYTES: usize = 4 << 20;

/// What is wrong where no member is.
const WHOLE: &str = "the file";

/// Zeros behind the last member: tar fills its last record.
const PADDING_MAX: usize = 1 << 20;

/// What is read, in the order of the file.
#[derive(Debug)]
pub enum Part {
    /// What the backup is of: first, and once.
    Manifest(Manifest),
    /// Entries in the order of the log, and the hashes of the subtrees that they complete.
    Entries(Vec<EntryRow>, Vec<(Node, Hash)>),
    /// Rows of a table, by id; at least once for each table, if only to say that there are none.
    Rows(&'static Table, Vec<Stored>),
    /// Last-seen marks.
    Marks(Vec<Mark>),
}

/// A whole backup that was found to be good: as its digests, its root and its signature say.
#[derive(Clone, Debug, PartialEq)]
pub struct Contents {
    /// The first member.
    pub manifest: Manifest,
    /// The last member.
    pub end: End,
    /// The key that has signed its checkpoint.
    pub key: VerifierKey,
    /// The log's right edge.
    pub edge: RightEdge,
    /// Time of its newest entry.
    pub at: Timestamp,
    /// How many of its entries are erased.
    pub erased: u64,
    /// How many of its entries are pruned.
    pub pruned: u64,
    /// Length of the file.
    pub bytes: u64,
    /// SHA-256 of the file, in hex.
    pub sha256: String,
}

/// Takes what is read.
pub type Take<'a> = &'a mut dyn FnMut(Part) -> Result<(), Error>;

/// Reads a backup to its end, with what lies beside it where that is known, and with the file of an identity where it is
/// encrypted. It blocks its thread.
pub fn read(
    file: Box<dyn Read + Send>,
    sidecar: Option<&Sidecar>,
    identity: Option<&Path>,
    take: Take<'_>,
) -> Result<Contents, Error> {
    let (unpacked, counted) = stored::unpacked(file, identity)?;
    let mut archive = tar::Archive::new(unpacked);
    let mut reading = Reading::default();
    let read = members(&mut archive, &mut reading, take);
    let read = read.and_then(|()| reading.after_the_end(archive.into_inner()));
    // A disk that failed is no fault of the file.
    counted.failure()?;
    read?;
    let (bytes, sha256) = counted.end();
    if let Some(sidecar) = sidecar {
        let whole = |bytes: u64, sha256: &str| format!("{bytes} bytes with SHA-256 {sha256}");
        let (expected, found) = (whole(sidecar.bytes, &sidecar.sha256), whole(bytes, &sha256));
        if expected != found {
            return Err(Fault::new(WHOLE, expected, found).into());
        }
    }
    let contents = reading.end(bytes, sha256)?;
    if let Some(sidecar) = sidecar {
        agrees(sidecar, &contents)?;
    }
    Ok(contents)
}

fn members(archive: &mut tar::Archive<Unpacked>, reading: &mut Reading, take: Take<'_>) -> Result<(), Error> {
    let broken = |reading: &Reading, error: &io::Error| {
        let expected = if reading.last == END {
            "its end"
        } else {
            "the member whole"
        };
        Fault::new(&reading.next(), expected, error)
    };
    let entries = archive.entries().map_err(|error| broken(reading, &error))?;
    // Raw: names of any length and other extensions are members as others are, and not of this form.
    for entry in entries.raw(true) {
        let entry = entry.map_err(|error| broken(reading, &error))?;
        let name = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
        let allowed = reading.allowed();
        if !allowed.contains(&name) || entry.header().entry_type() != tar::EntryType::Regular {
            let next = allowed.first().map_or("no further member", String::as_str);
            return Err(Fault::new(&name, next, &name).into());
        }
        let size = entry.header().size().map_err(|error| broken(reading, &error))?;
        let mut lines = Lines::new(&name, entry);
        reading.member(&name, &mut lines, take)?;
        let (bytes, sha256) = lines.end();
        if bytes != size {
            return Err(Fault::new(&name, format!("{size} bytes"), format!("{bytes}: it is cut off")).into());
        }
        reading.members.insert(name.clone(), Member { bytes, sha256 });
        reading.last = name;
    }
    Ok(())
}

/// What was read so far.
#[derive(Default)]
struct Reading {
    /// The member that was read last.
    last: String,
    members: BTreeMap<String, Member>,
    manifest: Option<Manifest>,
    end: Option<End>,
    edge: RightEdge,
    at: Option<Timestamp>,
    /// Entries without a payload.
    missing: u64,
    /// Those of them that the backup says were pruned.
    pruned: u64,
    tables: BTreeMap<String, u64>,
}

/// The version of the schema that this program makes.
fn newest_schema() -> i64 {
    MIGRATIONS.last().map_or(0, |migration| migration.version)
}

impl Reading {
    /// Names that the next member may have, the one that is expected first.
    fn allowed(&self) -> Vec<String> {
        let tables = |from: usize| {
            // A table that came later is in no older backup.
            let older = self
                .manifest
                .as_ref()
                .is_some_and(|manifest| manifest.schema < newest_schema());
            let left = SEALED[from..].iter().map(|table| format::table_member(table));
            let mut left: Vec<String> = left.chain([LAST_SEEN.to_owned()]).collect();
            left.truncate(if older { left.len() } else { 1 });
            left
        };
        let size = self.edge.size();
        match self.last.as_str() {
            "" => vec![MANIFEST.to_owned()],
            END => Vec::new(),
            LAST_SEEN => vec![END.to_owned()],
            table if table.starts_with("tables/") => {
                let position = SEALED.iter().position(|one| format::table_member(one) == table);
                tables(position.map_or(0, |position| position + 1))
            }
            _ if size.is_multiple_of(MEMBER_ENTRIES) => {
                let mut names = tables(0);
                names.push(format::entries_member(size / MEMBER_ENTRIES));
                names
            }
            _ => tables(0),
        }
    }

    /// What is read next: a member, or the rest of the file behind the last one.
    fn next(&self) -> String {
        self.allowed()
            .into_iter()
            .next()
            .unwrap_or_else(|| WHOLE.to_owned())
    }

    fn member(&mut self, name: &str, lines: &mut Lines<'_>, take: Take<'_>) -> Result<(), Error> {
        match name {
            MANIFEST => {
                let manifest = manifest(&lines.document(DOCUMENT_MAX)?)?;
                self.manifest = Some(manifest.clone());
                take(Part::Manifest(manifest))
            }
            END => {
                let text = lines.document(DOCUMENT_MAX)?;
                let end = serde_json::from_slice(&text);
                self.end = Some(end.map_err(|error| Fault::new(END, "the end of a backup", error))?);
                Ok(())
            }
            LAST_SEEN => self.marks(lines, take),
            _ => match SEALED.iter().find(|table| format::table_member(table) == name) {
                Some(table) => self.rows(table, lines, take),
                None => self.entries(lines, take),
            },
        }
    }

    fn entries(&mut self, lines: &mut Lines<'_>, take: Take<'_>) -> Result<(), Error> {
        let first = self.edge.size();
        let (mut rows, mut subtrees, mut bytes) = (Vec::new(), Vec::new(), 0);
        while let Some(line) = lines.next()? {
            bytes += line.text.len();
            let stored = format::read_entry(line.text).map_err(|error| line.wrong(error))?;
            let index = self.edge.size();
            if stored.entry != index || index - first == MEMBER_ENTRIES {
                return Err(line
                    .fault(format!("entry {index}"), format!("entry {}", stored.entry))
                    .into());
            }
            let row = EntryRow::of(stored).map_err(|error| line.wrong(error))?;
            committed(&row).map_err(|(expected, found)| line.fault(expected, found))?;
            self.edge
                .push_with(Hash::leaf(row.leaf.as_bytes()), |node, hash| {
                    if store::head::is_stored(node) {
                        subtrees.push((node, hash));
                    }
                });
            self.at = Some(row.at);
            self.missing += u64::from(row.payload.is_none());
            rows.push(row);
            if rows.len() >= PART_LINES || bytes >= PART_BYTES {
                bytes = 0;
                take(Part::Entries(
                    std::mem::take(&mut rows),
                    std::mem::take(&mut subtrees),
                ))?;
            }
        }
        if self.edge.size() == first {
            return Err(Fault::new(lines.name(), "entries", "none").into());
        }
        take(Part::Entries(rows, subtrees))
    }

    fn rows(&mut self, table: &'static Table, lines: &mut Lines<'_>, take: Take<'_>) -> Result<(), Error> {
        let (mut rows, mut bytes, mut count, mut before) = (Vec::new(), 0, 0, None);
        while let Some(line) = lines.next()? {
            bytes += line.text.len();
            let row = format::read_stored(table, line.text).map_err(|error| line.wrong(error))?;
            if before.is_some_and(|before| before >= row.id) {
                return Err(line.fault("rows by id", row.id).into());
            }
            if row.entry >= self.edge.size() {
                let expected = format!("a row that one of {} entries wrote", self.edge.size());
                return Err(line.fault(expected, format!("entry {}", row.entry)).into());
            }
            before = Some(row.id);
            count += 1;
            self.pruned += format::pruned_in(table, &row).count() as u64;
            rows.push(row);
            if rows.len() >= PART_LINES || bytes >= PART_BYTES {
                bytes = 0;
                take(Part::Rows(table, std::mem::take(&mut rows)))?;
            }
        }
        self.tables.insert(table.name.to_owned(), count);
        take(Part::Rows(table, rows))
    }

    fn marks(&mut self, lines: &mut Lines<'_>, take: Take<'_>) -> Result<(), Error> {
        let (mut marks, mut count) = (Vec::new(), 0);
        while let Some(line) = lines.next()? {
            marks.push(format::read_mark(line.text).map_err(|error| line.wrong(error))?);
            count += 1;
            if marks.len() >= PART_LINES {
                take(Part::Marks(std::mem::take(&mut marks)))?;
            }
        }
        self.tables.insert("last_seen".to_owned(), count);
        take(Part::Marks(marks))
    }

    /// Behind the last member there is nothing.
    fn after_the_end(&self, mut rest: Unpacked) -> Result<(), Error> {
        if self.last != END {
            return Err(Fault::new(&self.next(), "the member", "the end of the file").into());
        }
        let mut buffer = vec![0; 64 << 10];
        let mut behind = 0;
        loop {
            let count = rest.read(&mut buffer);
            let count = count.map_err(|error| Fault::new(WHOLE, "its end", error))?;
            if count == 0 {
                return Ok(());
            }
            behind += count;
            if behind > PADDING_MAX || buffer[..count].iter().any(|byte| *byte != 0) {
                return Err(Fault::new(WHOLE, "nothing behind its last member", "something").into());
            }
        }
    }

    /// Compares what was read with what its last member says, and that with the signature.
    fn end(mut self, bytes: u64, sha256: String) -> Result<Contents, Error> {
        let missing = || Fault::new(END, "the member", "nothing");
        let manifest = self.manifest.ok_or_else(missing)?;
        let end = self.end.ok_or_else(missing)?;
        self.members.remove(END);
        if let Some(name) = differing(&end.members, &self.members) {
            let shown = |member: Option<&Member>| {
                member.map_or("no such member".to_owned(), |member| {
                    format!("{} bytes with SHA-256 {}", member.bytes, member.sha256)
                })
            };
            let (expected, found) = (shown(end.members.get(name)), shown(self.members.get(name)));
            return Err(Fault::new(name, expected, found).into());
        }
        if let Some(name) = differing(&end.tables, &self.tables) {
            let shown = |count: Option<&u64>| count.map_or("no such table".to_owned(), u64::to_string);
            let (expected, found) = (shown(end.tables.get(name)), shown(self.tables.get(name)));
            return Err(Fault::new(name, format!("rows: {expected}"), found).into());
        }
        let size = self.edge.size();
        if end.entries != size {
            return Err(Fault::new(END, format!("{} entries", end.entries), size).into());
        }
        let wrong_key = |error: &dyn fmt::Display| Fault::new(MANIFEST, "the log's verifier key", error);
        let key = VerifierKey::parse(&manifest.key).map_err(|error| wrong_key(&error))?;
        if key.name() != manifest.origin {
            return Err(Fault::new(MANIFEST, format!("the key of {}", manifest.origin), key.name()).into());
        }
        let signed = Checkpoint::open(&end.checkpoint, &key)
            .map_err(|error| Fault::new(END, "a checkpoint signed by the log's key", error))?;
        let shown = |size: u64, root: &Hash| format!("{size} entries with root {}", root.to_base64());
        let (expected, found) = (shown(signed.size, &signed.root), shown(size, &self.edge.root()));
        if expected != found {
            return Err(Fault::new("entries", expected, found).into());
        }
        Ok(Contents {
            manifest,
            end,
            key,
            edge: self.edge,
            at: self.at.unwrap_or(Timestamp::EPOCH),
            erased: self.missing.saturating_sub(self.pruned),
            pruned: self.pruned,
            bytes,
            sha256,
        })
    }
}

fn json_of(value: &impl serde::Serialize) -> String {
    String::from_utf8_lossy(&format::document(value)).into_owned()
}

/// Compares what lies beside a file with what the file holds: lists read nothing else, and go by it.
fn agrees(sidecar: &Sidecar, contents: &Contents) -> Result<(), Fault> {
    let fields = |manifest: &Manifest,
                  checkpoint: &str,
                  entries: u64,
                  tables: &BTreeMap<String, u64>,
                  at: Timestamp| {
        [
            ("origin", manifest.origin.clone()),
            ("key", manifest.key.clone()),
            ("checkpoint", checkpoint.to_owned()),
            ("entries", entries.to_string()),
            ("tables", json_of(tables)),
            ("snapshot_at", at.to_string()),
            ("manifest", json_of(manifest)),
        ]
    };
    let end = &contents.end;
    let held = fields(
        &contents.manifest,
        &end.checkpoint,
        end.entries,
        &end.tables,
        end.snapshot_at,
    );
    let beside = fields(
        &sidecar.manifest,
        &sidecar.checkpoint,
        sidecar.entries,
        &sidecar.tables,
        sidecar.snapshot_at,
    );
    for ((name, expected), (_, found)) in held.into_iter().zip(beside) {
        if expected != found {
            let what = |value: &str| format!("{name} {}", value.trim_end());
            let member = format::sidecar_name(&sidecar.file);
            return Err(Fault::new(&member, what(&expected), what(&found)));
        }
    }
    Ok(())
}

/// The first name under which two maps do not hold the same.
fn differing<'a, V: PartialEq>(
    one: &'a BTreeMap<String, V>,
    other: &'a BTreeMap<String, V>,
) -> Option<&'a str> {
    let mut names = one.keys().chain(other.keys());
    let differing = names.find(|name| one.get(*name) != other.get(*name));
    differing.map(String::as_str)
}

/// Reads the first member: a newer form is told as that, whatever else it has.
fn manifest(text: &[u8]) -> Result<Manifest, Error> {
    #[derive(serde::Deserialize)]
    struct Version {
        format: u64,
    }
    let wrong = |error: serde_json::Error| Fault::new(MANIFEST, "the manifest of a backup", error);
    let version: Version = serde_json::from_slice(text).map_err(wrong)?;
    if version.format != FORMAT {
        let expected = format!("format {FORMAT}, which this program reads");
        return Err(Fault::new(MANIFEST, expected, format!("format {}", version.format)).into());
    }
    let manifest: Manifest = serde_json::from_slice(text).map_err(wrong)?;
    if manifest.schema > newest_schema() || manifest.schema < 1 {
        let expected = format!("a schema up to {}, which this program makes", newest_schema());
        return Err(Fault::new(MANIFEST, expected, format!("schema {}", manifest.schema)).into());
    }
    Ok(manifest)
}

/// Whether payload and changes are those that the leaf commits to.
fn committed(row: &EntryRow) -> Result<(), (String, String)> {
    let leaf = Leaf::parse_lenient(&row.leaf).map_err(|error| ("a leaf".to_owned(), error.to_string()))?;
    let payload = match (&row.payload, &row.salt) {
        (Some(payload), Some(salt)) => commitment::commit(salt, payload.as_bytes()),
        (None, None) => leaf.payload,
        _ => {
            return Err((
                "payload and salt, or neither".to_owned(),
                "one of them".to_owned(),
            ));
        }
    };
    let changes = row.changes.as_deref().map(commitment::changes_digest);
    let shown = |digest: &[u8; 32]| format!("one with commitment {}", json::hex(digest));
    if payload != leaf.payload {
        return Err((format!("a payload, {}", shown(&leaf.payload)), shown(&payload)));
    }
    if changes != leaf.changes {
        return Err((
            "the list of changes that the leaf commits to".to_owned(),
            "another".to_owned(),
        ));
    }
    Ok(())
}
