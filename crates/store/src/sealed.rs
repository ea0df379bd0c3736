//! Rows of sealed tables: reading them with their seal, and writing them in bulk.

use domain::custody::Amount;
use domain::record::{Kind, Record, Sealed, Table, Val};
use evidence::commitment::Salt;
use uuid::Uuid;

use crate::conn::{Conn, Lock};
use crate::error::Error;
use crate::pg::pipeline::{Param, Step};
use crate::row::Row;
use crate::{pg, sqlite};

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

/// The select list of a sealed table.
pub fn select(table: &Table) -> String {
    format!("SELECT {} FROM {}", column_names(table).join(", "), table.name)
}

/// Gives a value the type of its column: SQLite has fewer types than we do.
pub(crate) fn typed(value: Val, kind: Kind) -> Result<Val, String> {
    Ok(match (kind, value) {
        (_, Val::Null) => Val::Null,
        (Kind::Bool, Val::Int(number @ (0 | 1))) => Val::Bool(number == 1),
        (Kind::Uuid, Val::Bytes(bytes)) => {
            Val::Uuid(Uuid::from_slice(&bytes).map_err(|_| "not 16 bytes of a UUID")?)
        }
        (Kind::Time, Val::Int(micros)) => Val::Time(
            evidence::Timestamp::from_micros(micros).ok_or("not a time between the years 1 and 9999")?,
        ),
        (Kind::Int, value @ Val::Int(_))
        | (Kind::Bool, value @ Val::Bool(_))
        | (Kind::Text, value @ Val::Text(_))
        | (Kind::Bytes, value @ Val::Bytes(_))
        | (Kind::Uuid, value @ Val::Uuid(_))
        | (Kind::Time, value @ Val::Time(_))
        | (Kind::Amount, value @ Val::Amount(_)) => value,
        (Kind::Amount, Val::Text(digits)) => Val::Amount(
            Amount::from_units_text(&digits)
                .ok_or("not an amount of at most 38 digits in its one spelling")?,
        ),
        (kind, other) => return Err(format!("expected {kind:?}, found {other:?}")),
    })
}

/// Reads a row of [`select`].
pub fn read(table: &'static Table, row: Row) -> Result<SealedRow, Error> {
    let kinds = column_kinds(table);
    let names = column_names(table);
    let mut values = Vec::with_capacity(kinds.len());
    for ((value, kind), name) in row.0.into_iter().zip(kinds).zip(names) {
        values.push(
            typed(value, kind).map_err(|reason| Error::data(format!("{}.{name}: {reason}", table.name)))?,
        );
    }
    let sealed = Row(values);
    let width = table.columns.len();
    let salt = sealed
        .optional_salt(width + 3)?
        .ok_or_else(|| Error::data(format!("{}.salt is NULL", table.name)))?;
    Ok(SealedRow {
        id: sealed.uuid(0)?,
        version: sealed.unsigned(width + 1)?,
        entry: sealed.unsigned(width + 2)?,
        salt,
        new: false,
        values: sealed.0.into_iter().skip(1).take(width).collect(),
    })
}

/// Rows whose `key` is one of `keys`.
pub async fn by_key<T: Record>(
    conn: &mut Conn,
    key: &str,
    kind: Kind,
    keys: &[Val],
    lock: Lock,
) -> Result<Vec<Sealed<T>>, Error> {
    if keys.is_empty() {
        return Ok(Vec::new());
    }
    let rows = conn
        .keyed(&format!("{} WHERE {key}", select(T::TABLE)), kind, keys, lock)
        .await?;
    rows.into_iter()
        .map(|row| decode::<T>(read(T::TABLE, row)?))
        .collect()
}

/// A sealed row as its type.
pub fn decode<T: Record>(row: SealedRow) -> Result<Sealed<T>, Error> {
    Ok(Sealed {
        row: T::from_values(row.id, row.values)?,
        version: row.version,
        entry: row.entry,
        salt: row.salt,
    })
}

/// The text of a statement that adds rows, up to where their values come from.
fn insert_target(table: &Table) -> String {
    format!("INSERT INTO {} ({})", table.name, column_names(table).join(", "))
}

/// Writes rows: adds what is new, changes what is there.
pub async fn write(conn: &mut Conn, table: &'static Table, rows: &[SealedRow]) -> Result<(), Error> {
    match conn {
        Conn::Sqlite(conn) => sqlite::bulk::write_sealed(conn, table, rows),
        Conn::Pg(conn) => {
            let (texts, params): (Vec<_>, Vec<_>) = steps(table, rows).into_iter().unzip();
            let steps = texts.iter().zip(params).map(|(sql, params)| Step { sql, params });
            conn.pipeline(&steps.collect::<Vec<_>>()).await.map(drop)
        }
    }
}

/// The text that adds one row, with a parameter for each column (SQLite).
pub(crate) fn insert_one(table: &Table) -> String {
    let marks: Vec<String> = (1..=column_names(table).len())
        .map(|number| format!("?{number}"))
        .collect();
    format!("{} VALUES ({})", insert_target(table), marks.join(", "))
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

fn is_fixed(table: &Table, name: &str) -> bool {
    table
        .columns
        .iter()
        .any(|column| column.fixed && column.name == name)
}

/// The statements that write rows, with their parameters (PostgreSQL): one for what is new, one for what is there.
pub(crate) fn steps(table: &Table, rows: &[SealedRow]) -> Vec<(String, Vec<Param<'static>>)> {
    let (new, there): (Vec<&SealedRow>, Vec<&SealedRow>) = rows.iter().partition(|row| row.new);
    let (kinds, names) = (column_kinds(table), column_names(table));
    let mut steps = Vec::new();
    if !new.is_empty() {
        let arrays = pg::bulk::unnest(&kinds);
        let sql = format!("{} SELECT * FROM {arrays}", insert_target(table));
        let all: Vec<usize> = (0..kinds.len()).collect();
        steps.push((sql, pg::bulk::columns(&kinds, &all, &new)));
    }
    if !there.is_empty() {
        let kept: Vec<usize> = (0..kinds.len())
            .filter(|position| !is_fixed(table, names[*position]))
            .collect();
        let kinds: Vec<Kind> = kept.iter().map(|position| kinds[*position]).collect();
        let names: Vec<&str> = kept.iter().map(|position| names[*position]).collect();
        let assignments: Vec<String> = names[1..]
            .iter()
            .map(|name| format!("{name} = v.{name}"))
            .collect();
        let sql = format!(
            "UPDATE {table} SET {assignments} FROM {arrays} AS v ({names}) WHERE {table}.id = v.id",
            table = table.name,
            assignments = assignments.join(", "),
            arrays = pg::bulk::unnest(&kinds),
            names = names.join(", "),
        );
        steps.push((sql, pg::bulk::columns(&kinds, &kept, &there)));
    }
    steps
}

impl SealedRow {
    /// All values, in the order of [`column_names`].
    pub fn all_values(&self) -> Vec<Val> {
        let mut values = Vec::with_capacity(self.values.len() + 4);
        values.push(Val::Uuid(self.id));
        values.extend(self.values.iter().cloned());
        values.extend([
            Val::Int(crate::head::int(self.version)),
            Val::Int(crate::head::int(self.entry)),
            Val::Bytes(self.salt.0.to_vec()),
        ]);
        values
    }
}
