//! What the last verification of the whole log found.

use domain::record::Table;
use domain::tables::SEALED;
use engine::Engine;
use engine::verify::{ENTRIES, Finding, LastVerified, last};
use evidence::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

use crate::cell::{Cell, Column, Elide, column, count, moment};

/// A verification of the whole log.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(inline)]
pub struct VerifiedView {
    /// When it ended.
    pub at: Timestamp,
    /// How many entries the log had.
    pub size: u64,
    /// How much was found.
    pub findings: u64,
    /// What was found: the first thousand.
    pub found: Vec<FindingView>,
}

/// Something that is not as the log says.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(inline)]
pub struct FindingView {
    /// The table in which it was found.
    pub table: String,
    /// Id of the row, where one row is meant.
    pub id: Option<String>,
    /// Index of the entry concerned.
    pub entry: Option<u64>,
    /// What differs.
    pub what: String,
}

impl FindingView {
    /// The columns of a table of them.
    pub const COLUMNS: [Column; 4] = [
        column("table", Elide::Never),
        column("row", Elide::Never),
        column("entry", Elide::Never),
        column("what", Elide::Never),
    ];

    /// What stands there: the row and the entry lead to their pages.
    pub fn cells(&self) -> Vec<Cell> {
        let row = |id: &String| match list_of(&self.table) {
            Some(key) => Cell::One(key, id.clone()),
            None => id.into(),
        };
        let entry = |index: u64| Cell::One(ENTRIES, index.to_string());
        vec![
            (&self.table).into(),
            self.id.as_ref().map_or(Cell::Empty, row),
            self.entry.map_or(Cell::Empty, entry),
            (&self.what).into(),
        ]
    }
}

/// Lists that are called otherwise than the table of their rows.
const CALLED: [(&str, &str); 2] = [("holds", "legal_holds"), ("steps", "execution_steps")];

/// The list that has the rows of a table, by its key.
fn list_of(table: &str) -> Option<&'static str> {
    if table == ENTRIES {
        return Some(ENTRIES);
    }
    let called = CALLED.iter().find(|(_, known)| *known == table);
    let same = || {
        SEALED
            .iter()
            .map(|sealed| sealed.name)
            .find(|name| *name == table)
    };
    called.map(|(key, _)| *key).or_else(same)
}

/// The sealed table that has the rows of a list, by the list's key.
pub fn table_of(key: &str) -> Option<&'static Table> {
    let called = CALLED.iter().find(|(known, _)| *known == key);
    let name = called.map_or(key, |(_, table)| *table);
    SEALED.iter().copied().find(|table| table.name == name)
}

impl VerifiedView {
    /// The last one on this machine.
    pub fn last(engine: &Engine) -> Option<VerifiedView> {
        let (options, key) = (engine.options(), engine.verifier_key());
        last(&options.data_dir, key.name()).map(VerifiedView::of)
    }

    /// Shows one.
    fn of(last: LastVerified) -> VerifiedView {
        let found = |finding: Finding| FindingView {
            table: finding.table,
            id: finding.id,
            entry: finding.entry,
            what: finding.what,
        };
        VerifiedView {
            at: last.at,
            size: last.size,
            findings: last.findings,
            found: last.found.into_iter().map(found).collect(),
        }
    }

    /// How many more there are than are shown.
    pub fn more(&self) -> u64 {
        self.findings.saturating_sub(self.found.len() as u64)
    }

    /// What came of it, in a few words.
    pub fn verdict(&self) -> String {
        match self.findings {
            0 => "ok: nothing was changed by hand".to_owned(),
            1 => "tampered: 1 finding".to_owned(),
            findings => format!("tampered: {} findings", count(findings)),
        }
    }

    /// What came of it, of what and when.
    pub fn said(&self) -> String {
        let (size, at) = (count(self.size), moment(self.at));
        format!("{}, in {size} entries, {at}", self.verdict())
    }

    /// How many of the findings are about these tables.
    pub fn of_tables(&self, tables: &[&str]) -> usize {
        let of = |finding: &&FindingView| tables.contains(&&*finding.table);
        self.found.iter().filter(of).count()
    }
}
