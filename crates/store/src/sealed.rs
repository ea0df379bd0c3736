//! Rows of sealed tables: reading them with their seal, and writing them in bulk.

use domain::record::{Kind, Record, Sealed, Table, Val};
use evidence::commitment::Salt;
use uuid::Uuid;

use crate::conn::{Conn, Lock};
use crate::error::Error;
use crate::pg::pipeline::Param;
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
fn typed(value: Val, kind: Kind) -> Result<Val, String> {
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
        | (Kind::Time, value @ Val::Time(_)) => value,
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

/// The beginning and the end of a statement that inserts what is new and replaces what is there.
fn upsert_parts(table: &Table) -> (String, String) {
    let names = column_names(table);
    let assignments: Vec<String> = names[1..]
        .iter()
        .map(|name| format!("{name} = excluded.{name}"))
        .collect();
    (
        format!("INSERT INTO {} ({})", table.name, names.join(", ")),
        format!("ON CONFLICT (id) DO UPDATE SET {}", assignments.join(", ")),
    )
}

/// Writes rows: inserts what is new, replaces what is there.
pub async fn upsert(conn: &mut Conn, table: &'static Table, rows: &[SealedRow]) -> Result<(), Error> {
    let (target, conflict) = upsert_parts(table);
    match conn {
        Conn::Sqlite(conn) => {
            let width = column_names(table).len();
            sqlite::bulk::upsert(conn, &target, &conflict, width, rows)
        }
        Conn::Pg(conn) => pg::bulk::upsert(conn, &target, &conflict, &column_kinds(table), rows).await,
    }
}

/// The text of that statement, and its parameters (PostgreSQL).
pub(crate) fn upsert_step(table: &Table, rows: &[SealedRow]) -> (String, Vec<Param<'static>>) {
    let (target, conflict) = upsert_parts(table);
    let kinds = column_kinds(table);
    let sql = pg::bulk::upsert_sql(&target, &conflict, &kinds);
    (sql, pg::bulk::upsert_params(&kinds, rows))
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
