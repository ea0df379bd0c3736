//! Rows of sealed tables: reading them with their seal, and writing them in bulk.

use domain::custody::Amount;
use domain::record::{DecodeError, Field, Kind, Record, Sealed, Table, Val};
use domain::tables::{RowValues, Stored};
use uuid::Uuid;

use crate::conn::{Conn, Lock};
use crate::error::{Error, ErrorKind};
use crate::ground::Ground;
use crate::pg::pipeline::{Param, Part, Step};
use crate::row::Row;
pub use crate::sealed_row::{SealedRow, column_kinds, column_names};
use crate::sealed_row::{insert_target, is_fixed};
use crate::{pg, sqlite};

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
pub fn read(table: &'static Table, row: Row) -> Result<Stored, Error> {
    let width = table.columns.len();
    let wrong = |name: &str, reason: String| Error::data(format!("{}.{name}: {reason}", table.name));
    let mut values = row.0.into_iter();
    let mut next = |name: &str, kind| {
        let value = values.next().unwrap_or(Val::Null);
        typed(value, kind).map_err(|reason| wrong(name, reason))
    };
    let id = next("id", Kind::Uuid)?;
    let mut own = Vec::with_capacity(width);
    for column in table.columns {
        own.push(next(column.name, column.kind)?);
    }
    let seal = Row(vec![
        id,
        next("version", Kind::Int)?,
        next("entry", Kind::Int)?,
        next("salt", Kind::Bytes)?,
    ]);
    let salt = seal
        .optional_salt(3)?
        .ok_or_else(|| Error::data(format!("{}.salt is NULL", table.name)))?;
    Ok(Stored {
        id: seal.uuid(0)?,
        version: seal.unsigned(1)?,
        entry: seal.unsigned(2)?,
        salt,
        values: own,
    })
}

/// The row of this id as values, with the index of the entry that wrote it.
pub async fn stored(
    conn: &mut Conn,
    table: &'static Table,
    id: Uuid,
) -> Result<Option<(RowValues, u64)>, Error> {
    let sql = format!("{} WHERE id = $1", select(table));
    let Some(row) = conn.opt(&sql, &[id.into()]).await? else {
        return Ok(None);
    };
    let row = decode_with(table, row, Ok)?;
    let values = RowValues {
        table,
        id: row.id,
        version: row.version,
        salt: row.salt,
        values: row.values,
    };
    Ok(Some((values, row.entry)))
}

/// Reads a row of [`select`] as what it is.
pub(crate) fn decode<T: Record>(row: Row) -> Result<Sealed<T>, Error> {
    decode_with(T::TABLE, row, Stored::decode)
}

/// The same, as something else; the error names the row.
pub(crate) fn decode_with<T>(
    table: &'static Table,
    row: Row,
    decode: impl FnOnce(Stored) -> Result<T, DecodeError>,
) -> Result<T, Error> {
    let id = row.uuid(0);
    let decoded = read(table, row).and_then(|stored| Ok(decode(stored)?));
    decoded.map_err(|error| match id {
        Ok(id) => {
            let table = table.name;
            Error::new(ErrorKind::Row { table, id }, error.message)
        }
        Err(_) => error,
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
    let rows = each_by_key(conn, key, kind, keys, lock).await?;
    rows.into_iter().collect()
}

/// The same, each by itself: one that does not read leaves the others alone.
pub async fn each_by_key<T: Record>(
    conn: &mut Conn,
    key: &str,
    kind: Kind,
    keys: &[Val],
    lock: Lock,
) -> Result<Vec<Result<Sealed<T>, Error>>, Error> {
    if keys.is_empty() {
        return Ok(Vec::new());
    }
    let rows = conn
        .keyed(&format!("{} WHERE {key}", select(T::TABLE)), kind, keys, lock)
        .await?;
    Ok(rows.into_iter().map(decode).collect())
}

/// Writes rows: adds what is new, changes what is there.
pub async fn write(
    conn: &mut Conn,
    table: &'static Table,
    rows: &[SealedRow],
    ground: Option<&Ground<'_>>,
) -> Result<(), Error> {
    match conn {
        Conn::Sqlite(conn) => sqlite::bulk::write_sealed(conn, table, rows),
        Conn::Pg(conn) => {
            let parts = parts(table, rows, ground);
            let expected: Vec<_> = parts.iter().map(|part| part.rows).collect();
            let steps: Vec<Step<'_>> = parts.into_iter().map(Step::from).collect();
            let written = conn.pipeline(&steps).await?;
            let mut counts = written.iter().map(Vec::len).zip(expected);
            if counts.all(|(written, expected)| expected.is_none_or(|rows| rows == written)) {
                return Ok(());
            }
            let message = format!("a row of {} is not the one that was known", table.name);
            Err(Error::new(ErrorKind::Changed, message))
        }
    }
}

/// The statements that write rows (PostgreSQL): one for what is new, one for what is there. Where what is there is only
/// known from before, the statement changes the rows that are still the ones, and must change them all.
pub(crate) fn parts(table: &Table, rows: &[SealedRow], ground: Option<&Ground<'_>>) -> Vec<Part<'static>> {
    let (new, there): (Vec<&SealedRow>, Vec<&SealedRow>) = rows.iter().partition(|row| row.new);
    let (kinds, names) = (column_kinds(table), column_names(table));
    let mut parts = Vec::new();
    if !new.is_empty() {
        let arrays = pg::bulk::unnest(&kinds);
        let all: Vec<usize> = (0..kinds.len()).collect();
        parts.push(Part {
            sql: format!("{} SELECT * FROM {arrays}", insert_target(table)),
            params: Param::columns_of(&kinds, &all, &new),
            rows: None,
        });
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
        let (mut arrays, mut names) = (pg::bulk::unnest(&kinds), names.join(", "));
        let mut params = Param::columns_of(&kinds, &kept, &there);
        let mut same = String::new();
        if let Some(ground) = ground {
            let stamps = there.iter().map(|row| ground.stamp((table.name, row.id)));
            params.push(Param::Stamps(stamps.collect()));
            arrays.insert_str(arrays.len() - 1, &format!(", ${}::xid[]", params.len()));
            names.push_str(", was");
            same = format!(" AND {}.xmin = v.was RETURNING 1", table.name);
        }
        let sql = format!(
            "UPDATE {table} SET {assignments} FROM {arrays} AS v ({names}) WHERE {table}.id = v.id{same}",
            table = table.name,
            assignments = assignments.join(", "),
        );
        parts.push(Part {
            sql,
            params,
            rows: ground.map(|_| there.len()),
        });
    }
    parts
}

/// The amount in a column of a row.
pub(crate) fn amount(mut row: Row, position: usize) -> Result<Amount, Error> {
    let value = typed(row.0.swap_remove(position), Kind::Amount);
    value
        .and_then(Amount::of_val)
        .map_err(|reason| Error::data(format!("a stored amount: {reason}")))
}
