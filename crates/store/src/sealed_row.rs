//! Rows of sealed tables as they are written, and the statements that write one.

use domain::record::{Kind, Table, Val};
use evidence::commitment::Salt;
use uuid::Uuid;

use crate::head::int;

/// A row to be written, whole.
#[derive(Clone, Debug, PartialEq)]
pub struct SealedRow {
    /// Id.
    pub id: Uuid,
    /// Values, in the order of the table's columns.
    pub values: Vec<Val>,
    /// Version.
    pub version: u64,
    /// Index of the entry that writes it.
    pub entry: u64,
    /// Salt.
    pub salt: Salt,
    /// Whether the row is made by what is being written. Of two transactions that make the same row, one must fail.
    pub new: bool,
}

/// All column names of a sealed table, in the order that [`read`] takes and bulk writes give.
pub fn column_names(table: &Table) -> Vec<&'static str> {
    let mut names = vec!["id"];
    names.extend(table.columns.iter().map(|column| column.name));
    names.extend(["version", "entry", "salt"]);
    names
}

/// All column kinds, in that order.
pub fn column_kinds(table: &Table) -> Vec<Kind> {
    let mut kinds = vec![Kind::Uuid];
    kinds.extend(table.columns.iter().map(|column| column.kind));
    kinds.extend([Kind::Int, Kind::Int, Kind::Bytes]);
    kinds
}

impl SealedRow {
    /// All values, in the order of [`column_names`].
    pub fn all_values(&self) -> Vec<Val> {
        let mut values = Vec::with_capacity(self.values.len() + 4);
        values.push(Val::Uuid(self.id));
        values.extend(self.values.iter().cloned());
        values.extend([
            Val::Int(int(self.version)),
            Val::Int(int(self.entry)),
            Val::Bytes(self.salt.0.to_vec()),
        ]);
        values
    }
}

/// The text of a statement that adds rows, up to where their values come from.
pub(crate) fn insert_target(table: &Table) -> String {
    format!("INSERT INTO {} ({})", table.name, column_names(table).join(", "))
}

/// The text that adds one row, with a parameter for each column (SQLite).
pub(crate) fn insert_one(table: &Table) -> String {
    let marks = marks(column_names(table).len());
    format!("{} VALUES ({marks})", insert_target(table))
}

/// A parameter for each of so many columns (SQLite).
pub(crate) fn marks(columns: usize) -> String {
    let marks: Vec<String> = (1..=columns).map(|number| format!("?{number}")).collect();
    marks.join(", ")
}

/// The text that changes one row, with the same parameters (SQLite). A column that never changes is left out: SQLite
/// would write it anew into every index that it is in.
pub(crate) fn update_one(table: &Table) -> String {
    let numbered = column_names(table).into_iter().zip(1..).skip(1);
    let assignments: Vec<String> = numbered
        .filter(|(name, _)| !is_fixed(table, name))
        .map(|(name, number)| format!("{name} = ?{number}"))
        .collect();
    format!(
        "UPDATE {} SET {} WHERE id = ?1",
        table.name,
        assignments.join(", ")
    )
}

pub(crate) fn is_fixed(table: &Table, name: &str) -> bool {
    table
        .columns
        .iter()
        .any(|column| column.fixed && column.name == name)
}
