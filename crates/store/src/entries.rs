//! Entries: appending them, and erasing their payload.

use std::borrow::Cow;

use domain::audit::KnownEntry;
use domain::decision::Place;
use domain::record::{Kind, Val};
use evidence::Gone;
use evidence::commitment::Salt;
use evidence::entry::{Entry, EntryError};
use evidence::leaf::Leaf;
use evidence::payload::Found;
use evidence::shown::Parts;
use serde::{Serialize, Serializer};
use uuid::Uuid;

use crate::conn::{Conn, Lock};
pub use crate::entry_row::{COLUMNS, EntryRow, EntryView, Visit};
use crate::error::Error;
use crate::head::int;
use crate::row::Row;
use crate::{pg, sqlite};

/// What of an entry is needed to show it.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredEntry {
    /// Index in the log.
    pub entry: u64,
    /// Leaf bytes.
    pub leaf: String,
    /// Payload; none once erased.
    pub payload: Option<String>,
    /// Salt; none once erased.
    pub salt: Option<Salt>,
    /// Canonical list of changes.
    pub changes: Option<String>,
    /// Why it has no payload, where it has none. Only the questions of [`crate::query`] look for that.
    pub gone: Gone,
}

impl StoredEntry {
    /// The select list that [`StoredEntry::read`] reads.
    pub const SELECT: &'static str = "SELECT entry, leaf, payload, salt, changes FROM entries";

    /// The same columns.
    pub(crate) const LIST: &'static str = "entry, leaf, payload, salt, changes";

    /// How many they are.
    pub(crate) const COLUMNS: usize = 5;

    /// What [`StoredEntry::bytes`] counts, as the database counts it.
    pub(crate) const BYTES: &'static str =
        "octet_length(leaf) + COALESCE(octet_length(payload), 0) + COALESCE(octet_length(changes), 0)";

    /// About how large it is.
    pub fn bytes(&self) -> usize {
        let optional = |text: &Option<String>| text.as_ref().map_or(0, String::len);
        self.leaf.len() + optional(&self.payload) + optional(&self.changes)
    }

    /// Reads a row of [`StoredEntry::SELECT`].
    pub fn read(row: &Row) -> Result<StoredEntry, Error> {
        Ok(StoredEntry {
            entry: row.unsigned(0)?,
            leaf: row.text(1)?.to_owned(),
            payload: row.optional_text(2)?.map(str::to_owned),
            salt: row.optional_salt(3)?,
            changes: row.optional_text(4)?.map(str::to_owned),
            gone: Gone::default(),
        })
    }

    /// Reads the same row for showing it: what stands there although it cannot be kept as it is, but for the index, and what
    /// cannot be taken for anything that was written.
    pub(crate) fn seen(row: &Row) -> Result<StoredEntry, Error> {
        let optional = |position| row.seen_text(position);
        Ok(StoredEntry {
            entry: row.unsigned(0)?,
            leaf: optional(1).unwrap_or_default(),
            payload: optional(2),
            salt: row.optional_salt(3).unwrap_or_default(),
            changes: optional(4),
            gone: Gone::default(),
        })
    }

    /// The entry as users see it. What does not read of it is left out, and said; without its leaf there is none.
    pub fn assemble(self) -> Result<Entry, Error> {
        let index = self.entry;
        let entry = Entry::assemble(
            index,
            self.leaf,
            self.payload.as_deref(),
            self.salt,
            self.changes.as_deref(),
        )
        .map_err(|error: EntryError| Error::entry(index, error))?;
        Ok(entry.gone(self.gone))
    }

    /// The entry as decisions see it.
    pub fn known(self) -> Result<KnownEntry, Error> {
        let leaf = Leaf::parse_lenient(&self.leaf).map_err(|error| Error::entry(self.entry, error))?;
        Ok(KnownEntry {
            id: leaf.id,
            place: Some(Place {
                index: self.entry,
                at: leaf.at,
            }),
            recorded_by: leaf.recorded_by,
            actor_kind: leaf.actor_kind,
            actor_id: leaf.actor_id,
            target_id: leaf.target_id,
            action: leaf.action.into_owned(),
            target_kind: leaf.target_kind.map(Cow::into_owned),
            outcome: leaf.outcome,
            payload: self.payload,
        })
    }
}

impl EntryRow {
    /// The row of an entry that was stored: what it is found by comes from its leaf and its payload.
    pub fn of(stored: StoredEntry) -> Result<EntryRow, Error> {
        let wrong = |error: &dyn std::fmt::Display| Error::entry(stored.entry, error);
        let leaf = Leaf::parse_lenient(&stored.leaf).map_err(|error| wrong(&error))?;
        let found = stored.payload.as_deref().map(Found::parse).transpose();
        let found = found.map_err(|error| wrong(&error))?.unwrap_or_default();
        let own = |ours: Option<Uuid>, outside: Option<&str>| {
            ours.map(|id| id.to_string())
                .or_else(|| outside.map(str::to_owned))
        };
        Ok(EntryRow {
            entry: stored.entry,
            id: leaf.id,
            at: leaf.at,
            recorded_by_kind: leaf.recorded_by.kind.as_str(),
            recorded_by_id: leaf.recorded_by.id,
            actor_kind: leaf.actor_kind.as_str(),
            actor: own(leaf.actor_id, found.actor()),
            target: own(leaf.target_id, found.target()),
            ip: found.ip().map(str::to_owned),
            occurred_at: found.occurred_at,
            action: Cow::Owned(leaf.action.into_owned()),
            target_kind: leaf.target_kind.map(Cow::into_owned),
            outcome: leaf.outcome.as_str(),
            authority: leaf.authority.into_owned(),
            leaf: stored.leaf,
            payload: stored.payload,
            salt: stored.salt,
            changes: stored.changes,
        })
    }
}

/// The entry as users see it: the JSON of what [`StoredEntry::assemble`] gives, by less work.
impl Serialize for StoredEntry {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let parts = Parts {
            index: self.entry,
            leaf: &self.leaf,
            payload: self.payload.as_deref(),
            salt: self.salt,
            changes: self.changes.as_deref(),
            gone: self.gone,
        };
        parts.serialize(serializer)
    }
}

/// Appends entries in one bulk write.
pub async fn append(conn: &mut Conn, rows: &[EntryRow]) -> Result<(), Error> {
    append_with(conn, &COLUMNS, rows).await
}

/// The same with the first of their columns alone.
pub(crate) async fn append_with(conn: &mut Conn, columns: &[&str], rows: &[EntryRow]) -> Result<(), Error> {
    match conn {
        Conn::Sqlite(conn) => sqlite::bulk::append_entries(conn, columns, rows),
        Conn::Pg(conn) => pg::bulk::append_entries(conn, columns, rows).await,
    }
}

/// Takes the payload of entries away, and with it their salt and the columns that come from the payload.
///
/// The actor and the target stay findable where their id is ours, which the leaf holds. What stands in its texts has its
/// quotation marks escaped, and is not taken for that.
pub async fn erase(conn: &mut Conn, indexes: &[u64]) -> Result<(), Error> {
    let sql = "UPDATE entries SET actor = CASE WHEN leaf LIKE '%\",\"actor\":{\"id\":\"%' THEN actor END, \
               target = CASE WHEN leaf LIKE '%},\"target\":{\"id\":\"%' THEN target END, \
               ip = NULL, occurred_at = NULL, payload = NULL, salt = NULL WHERE entry";
    let keys: Vec<Val> = indexes.iter().map(|index| int(*index).into()).collect();
    conn.keyed(sql, Kind::Int, &keys, Lock::None).await.map(drop)
}

/// The leaf at this index.
pub async fn leaf(conn: &mut Conn, index: u64) -> Result<Option<String>, Error> {
    let row = conn
        .opt("SELECT leaf FROM entries WHERE entry = $1", &[int(index).into()])
        .await?;
    row.map(|row| row.text(0).map(str::to_owned)).transpose()
}

/// The actions of the entries from this one on, each once. Of any schema.
pub async fn actions_from(conn: &mut Conn, entry: u64) -> Result<Vec<String>, Error> {
    let sql = "SELECT DISTINCT action FROM entries WHERE entry >= $1";
    let rows = conn.all(sql, &[int(entry).into()]).await?;
    rows.iter().map(|row| row.text(0).map(str::to_owned)).collect()
}

/// Leaf and list of changes of entries that have one, by index.
pub async fn changes(
    conn: &mut Conn,
    indexes: &std::collections::BTreeSet<u64>,
) -> Result<Vec<(u64, String, String)>, Error> {
    let keys: Vec<Val> = indexes.iter().map(|index| int(*index).into()).collect();
    let select = "SELECT entry, leaf, changes FROM entries WHERE changes IS NOT NULL AND entry";
    let rows = conn.keyed(select, Kind::Int, &keys, Lock::None).await?;
    rows.iter()
        .map(|row| Ok((row.unsigned(0)?, row.text(1)?.to_owned(), row.text(2)?.to_owned())))
        .collect()
}

/// Shows every entry in `from..to` to `visit`, in order, without copying.
pub async fn visit(conn: &mut Conn, from: u64, to: u64, visit: Visit<'_>) -> Result<(), Error> {
    match conn {
        Conn::Sqlite(conn) => sqlite::bulk::visit_entries(conn, from, to, visit),
        Conn::Pg(conn) => pg::bulk::visit_entries(conn, from, to, visit).await,
    }
}

/// How many entries a credential wrote, by a walk over the index of who wrote what: at most so many are counted.
pub async fn written_by(conn: &mut Conn, credential: Uuid, most: u32) -> Result<u64, Error> {
    let sql = "SELECT count(*) FROM (SELECT 1 FROM entries WHERE recorded_by_id = $1 LIMIT $2) AS written";
    let row = conn.opt(sql, &[credential.into(), Val::Int(most.into())]).await?;
    row.map_or(Ok(0), |row| row.unsigned(0))
}
