//! Checking rows before they are relied on: a row that somebody changed by hand is not obeyed, nor sealed anew.
//!
//! Each row that decisions read, and that says what a caller may do, must be the one that its entry wrote. What was
//! checked, or written by this process, is remembered by version and digest, so that the usual batch costs a hash for
//! each row that it reads and no look-up. An older version of a row put back by hand is noticed where this process
//! knows a newer one; otherwise `verify` names it. So is a row that was removed.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Mutex, PoisonError};

use domain::Facts;
use domain::record::row_digest;
use domain::tables::{RowKey, RowValues};
use evidence::commitment::{self, ChangeRecord};
use evidence::json;
use evidence::leaf::Leaf;
use store::Conn;
use uuid::Uuid;

use crate::error::Error;

/// Most rows remembered; beyond it the memory starts anew.
const KNOWN_MAX: usize = 200_000;

/// Version and digest of a row.
pub(crate) type Seal = (u64, [u8; 32]);

/// Seals that were checked.
#[derive(Default)]
pub(crate) struct Seals {
    known: Mutex<HashMap<(&'static str, Uuid), Seal>>,
}

/// A row whose seal must be looked up.
struct Unknown {
    row: RowValues,
    entry: u64,
    digest: [u8; 32],
}

fn tampered(row: &RowValues, entry: u64) -> Error {
    Error::Tampered {
        table: row.table.name,
        id: row.id,
        what: format!(
            "was changed by hand: it is not the row that entry {entry} wrote, and is not relied on"
        ),
    }
}

impl Seals {
    /// Forgets everything.
    pub fn forget(&self) {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// Remembers what this process wrote.
    pub fn remember(&self, rows: impl IntoIterator<Item = (&'static str, Uuid, Seal)>) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        for (table, id, seal) in rows {
            if known.len() >= KNOWN_MAX {
                known.clear();
            }
            let newest = known.entry((table, id)).or_insert(seal);
            if newest.0 < seal.0 {
                *newest = seal;
            }
        }
    }

    /// Checks that rows which were not found never were there, as far as that is known: no command deletes one.
    pub fn check_absent(&self, absent: &[RowKey]) -> Result<(), Error> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let gone = absent.iter().find(|key| known.contains_key(key));
        gone.map_or(Ok(()), |(table, id)| {
            Err(Error::Tampered {
                table,
                id: *id,
                what: "was removed by hand: it is not taken for one that never was".to_owned(),
            })
        })
    }

    /// Checks every row of the facts that have a seal; the error names one that is not as its entry wrote it.
    pub async fn check(&self, conn: &mut Conn, facts: &Facts) -> Result<(), Error> {
        let unknown = self.unknown(facts.sealed_rows(), false)?;
        self.look_up(conn, unknown).await
    }

    /// The same for a snapshot that nothing is written from: the Writer may have committed a newer version of a row
    /// since it was taken, so an older one is looked up.
    pub async fn check_snapshot(&self, conn: &mut Conn, facts: &Facts) -> Result<(), Error> {
        self.check_rows(conn, facts.sealed_rows()).await
    }

    /// The same of some rows, each with the index of the entry that wrote it.
    pub async fn check_rows(&self, conn: &mut Conn, rows: Vec<(RowValues, u64)>) -> Result<(), Error> {
        let unknown = self.unknown(rows, true)?;
        self.look_up(conn, unknown).await
    }

    async fn look_up(&self, conn: &mut Conn, unknown: Vec<Unknown>) -> Result<(), Error> {
        if unknown.is_empty() {
            return Ok(());
        }
        let entries: BTreeSet<u64> = unknown.iter().map(|unknown| unknown.entry).collect();
        let mut written: HashMap<u64, Vec<ChangeRecord>> = HashMap::new();
        for (entry, leaf, changes) in store::entries::changes(conn, &entries).await? {
            // A list that was changed together with the row is not the one that the leaf commits to.
            let committed = Leaf::parse_lenient(&leaf).ok().and_then(|leaf| leaf.changes);
            if committed == Some(commitment::changes_digest(&changes)) {
                written.insert(entry, commitment::parse_changes(&changes).unwrap_or_default());
            }
        }
        for Unknown { row, entry, digest } in &unknown {
            let digest = json::hex(digest);
            let wrote = |record: &ChangeRecord| {
                record.id == row.id
                    && record.table == row.table.name
                    && record.version == row.version
                    && record.digest.as_deref() == Some(digest.as_str())
            };
            let records = written.get(entry).map_or(&[][..], Vec::as_slice);
            if !records.iter().any(wrote) {
                return Err(tampered(row, *entry));
            }
        }
        let checked = unknown.iter().map(|unknown| {
            (
                unknown.row.table.name,
                unknown.row.id,
                (unknown.row.version, unknown.digest),
            )
        });
        self.remember(checked);
        Ok(())
    }

    fn unknown(&self, rows: Vec<(RowValues, u64)>, older: bool) -> Result<Vec<Unknown>, Error> {
        let rows = rows.into_iter().map(|(row, entry)| {
            let digest = row_digest(row.table, row.id, &row.values, row.version, entry, &row.salt);
            Unknown { row, entry, digest }
        });
        let rows: Vec<Unknown> = rows.collect();
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let mut unknown = Vec::new();
        for row in rows {
            match known.get(&(row.row.table.name, row.row.id)) {
                Some((version, digest)) if *version == row.row.version => {
                    if *digest != row.digest {
                        return Err(tampered(&row.row, row.entry));
                    }
                }
                Some((version, _)) if *version > row.row.version && !older => {
                    return Err(tampered(&row.row, row.entry));
                }
                _ => unknown.push(row),
            }
        }
        Ok(unknown)
    }
}
