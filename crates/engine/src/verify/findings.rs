//! What a verification finds, bounded, and how the entries are counted by it.

use std::collections::BTreeMap;
use std::fmt;

use domain::audit::erasure::Erasure;
use domain::audit::pruning::{Pruning, pruned as said_pruned};
use domain::record::{Record as _, Table, Val};
use domain::tables::Stored;
use serde::{Deserialize, Serialize};

/// Most findings that a report lists; more are counted.
pub const FINDINGS_MAX: usize = 10_000;

/// The table of the log, as findings name it.
pub const ENTRIES: &str = "entries";

/// Something that is not as the log says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// The table in which it was found.
    pub table: String,
    /// Id of the row, where one row is meant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Index of the entry concerned.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entry: Option<u64>,
    /// What differs.
    pub what: String,
}

impl Finding {
    /// About a table.
    pub fn new(table: &str, what: impl Into<String>) -> Finding {
        Finding {
            table: table.to_owned(),
            id: None,
            entry: None,
            what: what.into(),
        }
    }

    /// About this row of it.
    #[must_use]
    pub fn id(mut self, id: impl fmt::Display) -> Finding {
        self.id = Some(id.to_string());
        self
    }

    /// About this entry.
    #[must_use]
    pub fn entry(mut self, entry: u64) -> Finding {
        self.entry = Some(entry);
        self
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.table)?;
        if let Some(id) = &self.id {
            write!(f, " {id}")?;
        }
        if let Some(entry) = self.entry {
            write!(f, " (entry {entry})")?;
        }
        write!(f, ": {}", self.what)
    }
}

/// The findings, bounded.
#[derive(Debug, Default)]
pub struct Findings {
    /// The first ones.
    pub list: Vec<Finding>,
    /// How many more there are.
    pub omitted: u64,
    /// The entries that they are about.
    pub(crate) entries: Marks,
    /// Entries of which rows say that they were erased, and pruned, which are not the rows that their entries wrote.
    pub(super) doubted: [Marks; 2],
}

/// Entries, a bit each: 64 of them in a number.
#[derive(Debug, Default)]
pub(crate) struct Marks(BTreeMap<u64, u64>);

impl Marks {
    fn add(&mut self, index: u64) {
        *self.0.entry(index / 64).or_default() |= 1 << (index % 64);
    }

    pub(crate) fn has(&self, index: u64) -> bool {
        self.0
            .get(&(index / 64))
            .is_some_and(|bits| bits & (1 << (index % 64)) != 0)
    }

    fn iter(&self) -> impl Iterator<Item = u64> {
        let indexes = |(place, bits): (&u64, &u64)| {
            let (first, bits) = (place * 64, *bits);
            (0..64)
                .filter(move |bit| bits & (1 << bit) != 0)
                .map(move |bit| first + bit)
        };
        self.0.iter().flat_map(indexes)
    }

    fn count(&self) -> u64 {
        self.0.values().map(|bits| u64::from(bits.count_ones())).sum()
    }
}

impl Findings {
    /// Adds one.
    pub fn add(&mut self, finding: Finding) {
        if let (ENTRIES, Some(index)) = (&*finding.table, finding.entry) {
            self.entries.add(index);
        }
        if self.list.len() < FINDINGS_MAX {
            self.list.push(finding);
        } else {
            self.omitted += 1;
        }
    }

    /// A row is not the one that its entry wrote: what it says of entries that are gone is not believed.
    pub(crate) fn doubt(&mut self, table: &Table, row: &Stored) {
        let index = |value: &Val| match value {
            Val::Int(index) => u64::try_from(*index).ok(),
            _ => None,
        };
        let [erased, pruned] = &mut self.doubted;
        match &row.values[..] {
            [gone] if table == Erasure::TABLE => index(gone).into_iter().for_each(|index| erased.add(index)),
            [bucket, Val::Bytes(bits)] if table == Pruning::TABLE => {
                let said = index(bucket)
                    .into_iter()
                    .flat_map(|bucket| said_pruned(bucket, bits));
                said.for_each(|index| pruned.add(index));
            }
            _ => {}
        }
    }

    /// Adds some.
    pub fn extend(&mut self, findings: impl IntoIterator<Item = Finding>) {
        findings.into_iter().for_each(|finding| self.add(finding));
    }

    /// Whether nothing was found.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Whether there is one about this table.
    pub fn of(&self, table: &str) -> bool {
        self.omitted > 0 || self.list.iter().any(|finding| finding.table == table)
    }
}

/// What the entries of a log are: each is one of these.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Whole, and as they were recorded.
    pub intact: u64,
    /// Without their payload, which a command erased.
    pub erased: u64,
    /// Without their payload, which retention pruned.
    pub pruned: u64,
    /// Not as the log says, or not there.
    pub tampered: u64,
}

impl Counts {
    /// Of so many entries, of which so many were found to be erased and pruned.
    pub(super) fn of(checked: u64, [erased, pruned]: [u64; 2], findings: &Findings) -> Counts {
        let [by_mark, by_bit] = &findings.doubted;
        let doubted = |index: &u64| *index < checked && !findings.entries.has(*index);
        let by_erasing = by_mark.iter().filter(doubted).count() as u64;
        let by_pruning = by_bit
            .iter()
            .filter(|index| doubted(index) && !by_mark.has(*index));
        let by_pruning = by_pruning.count() as u64;
        let tampered = findings.entries.count() + by_erasing + by_pruning;
        let erased = erased.saturating_sub(by_erasing);
        let pruned = pruned.saturating_sub(by_pruning);
        Counts {
            intact: checked.saturating_sub(erased + pruned + tampered),
            erased,
            pruned,
            tampered,
        }
    }
}
