//! Entries as they are written and scanned, column by column.

use std::borrow::Cow;

use evidence::commitment::Salt;
use evidence::time::Timestamp;
use uuid::Uuid;

use crate::error::Error;

/// Columns of the table, in the order of [`EntryRow`].
pub const COLUMNS: [&str; 18] = [
    "entry",
    "id",
    "at",
    "recorded_by_kind",
    "recorded_by_id",
    "actor_kind",
    "actor",
    "action",
    "target_kind",
    "target",
    "outcome",
    "authority",
    "ip",
    "leaf",
    "payload",
    "salt",
    "changes",
    "occurred_at",
];

/// Those of them that the schema had at this version of it.
pub(crate) fn columns_at(version: i64) -> &'static [&'static str] {
    const LATER: (i64, usize) = (23, 1);
    &COLUMNS[..COLUMNS.len() - if version < LATER.0 { LATER.1 } else { 0 }]
}

/// An entry to be appended.
#[derive(Clone, Debug)]
pub struct EntryRow {
    /// Index in the log.
    pub entry: u64,
    /// Id.
    pub id: Uuid,
    /// When it is recorded.
    pub at: Timestamp,
    /// Kind of credential.
    pub recorded_by_kind: &'static str,
    /// Id of the credential.
    pub recorded_by_id: Option<Uuid>,
    /// Kind of actor.
    pub actor_kind: &'static str,
    /// Actor as the filter finds it.
    pub actor: Option<String>,
    /// Verb.
    pub action: Cow<'static, str>,
    /// Kind of target.
    pub target_kind: Option<String>,
    /// Target as the filter finds it.
    pub target: Option<String>,
    /// Outcome.
    pub outcome: &'static str,
    /// What allowed it.
    pub authority: String,
    /// Network address.
    pub ip: Option<String>,
    /// Leaf bytes.
    pub leaf: String,
    /// Canonical payload; none once erased.
    pub payload: Option<String>,
    /// Its salt; none once erased.
    pub salt: Option<Salt>,
    /// Canonical list of changes.
    pub changes: Option<String>,
    /// When it happened by the recorder's clock, where that was said.
    pub occurred_at: Option<Timestamp>,
}

/// All columns of an entry as stored, borrowed from the engine's row.
#[derive(Clone, Copy, Debug)]
#[expect(missing_docs, reason = "the columns are those of EntryRow")]
pub struct EntryView<'a> {
    pub entry: u64,
    pub id: Uuid,
    pub at: Option<Timestamp>,
    pub recorded_by_kind: &'a str,
    pub recorded_by_id: Option<Uuid>,
    pub actor_kind: &'a str,
    pub actor: Option<&'a str>,
    pub action: &'a str,
    pub target_kind: Option<&'a str>,
    pub target: Option<&'a str>,
    pub outcome: &'a str,
    pub authority: &'a str,
    pub ip: Option<&'a str>,
    pub leaf: &'a str,
    pub payload: Option<&'a str>,
    pub salt: Option<&'a [u8]>,
    pub changes: Option<&'a str>,
    pub occurred_at: Option<Timestamp>,
}

/// Takes an entry as stored, or why it cannot be read.
pub type Visit<'a> = &'a mut (dyn FnMut(Result<EntryView<'_>, Error>) + Send);
