//! Bulk writes and scans on SQLite: one prepared statement, run for each row without leaving the thread.

use std::ops::Range;

use domain::record::{Table, Val};
use evidence::time::Timestamp;
use rusqlite::types::ValueRef;
use rusqlite::{Rows, params, params_from_iter};

use super::{Bound, SqliteConn, uuid};
use crate::entry_row::{COLUMNS, EntryRow, EntryView, Visit};
use crate::error::Error;
use crate::head::int;
use crate::sealed_row::{self, SealedRow};

pub(crate) fn append_entries(
    conn: &mut SqliteConn,
    columns: &[&str],
    rows: &[EntryRow],
) -> Result<(), Error> {
    let marks = vec!["?"; columns.len()].join(", ");
    let sql = format!("INSERT INTO entries ({}) VALUES ({marks})", columns.join(", "));
    conn.run(&sql, |conn| {
        let mut statement = conn.prepare_cached(&sql)?;
        for row in rows {
            let values = params![
                int(row.entry),
                row.id.as_bytes().as_slice(),
                row.at.micros(),
                row.recorded_by_kind,
                row.recorded_by_id.as_ref().map(|id| id.as_bytes().as_slice()),
                row.actor_kind,
                row.actor,
                row.action,
                row.target_kind,
                row.target,
                row.outcome,
                row.authority,
                row.ip,
                row.leaf,
                row.payload,
                row.salt.as_ref().map(|salt| salt.0.as_slice()),
                row.changes,
                row.occurred_at.map(Timestamp::micros),
            ];
            statement.execute(&values[..columns.len()])?;
        }
        Ok(((), rows.len() as u64))
    })
}

/// Adds what is new and changes what is there.
pub(crate) fn write_sealed(conn: &mut SqliteConn, table: &Table, rows: &[SealedRow]) -> Result<(), Error> {
    for (new, sql) in [
        (true, sealed_row::insert_one(table)),
        (false, sealed_row::update_one(table)),
    ] {
        let mut rows = rows.iter().filter(|row| row.new == new).peekable();
        if rows.peek().is_none() {
            continue;
        }
        conn.run(&sql, |conn| {
            let mut statement = conn.prepare_cached(&sql)?;
            let mut count = 0;
            for row in rows {
                statement.execute(params_from_iter(row.all_values().iter().map(Bound)))?;
                count += 1;
            }
            Ok(((), count))
        })?;
    }
    Ok(())
}

/// Adds rows, of so many columns, to a table with the names of its columns.
pub(crate) fn insert(
    conn: &mut SqliteConn,
    target: &str,
    columns: usize,
    rows: &[Vec<Val>],
) -> Result<(), Error> {
    let sql = format!("INSERT INTO {target} VALUES ({})", sealed_row::marks(columns));
    conn.run(&sql, |conn| {
        let mut statement = conn.prepare_cached(&sql)?;
        for row in rows {
            statement.execute(params_from_iter(row.iter().map(Bound)))?;
        }
        Ok(((), rows.len() as u64))
    })
}

pub(crate) fn visit_entries(
    conn: &mut SqliteConn,
    from: u64,
    to: u64,
    visit: Visit<'_>,
) -> Result<(), Error> {
    let sql = format!(
        "SELECT {} FROM entries WHERE entry >= ?1 AND entry < ?2 ORDER BY entry",
        COLUMNS.join(", ")
    );
    conn.run(&sql, |conn| {
        let mut statement = conn.prepare_cached(&sql)?;
        let mut count = 0;
        let mut next = Some(int(from));
        if !conn.is_autocommit() {
            // Whoever has a transaction open holds the WAL up with it already.
            let mut rows = statement.query(params![next.take(), int(to)])?;
            while let Some(row) = rows.next()? {
                visit(view(|position| Ok(row.get_ref(position)?)));
                count += 1;
            }
        }
        let mut copied = Copied::default();
        while let Some(first) = next {
            next = copied.read(statement.query(params![first, int(to)])?)?;
            for cells in copied.cells.chunks(COLUMNS.len()) {
                visit(view(|position| Ok(copied.value(&cells[position]))));
                count += 1;
            }
        }
        Ok(((), count))
    })
}

/// Bytes of entries that are read before they are looked at. While a statement reads, the WAL cannot begin anew; a look at
/// an entry takes longer than reading it, and may be of low priority.
const READ_AT_ONCE: usize = 1 << 20;

/// Rows of a statement that has ended, value by value.
#[derive(Default)]
struct Copied {
    cells: Vec<Cell>,
    bytes: Vec<u8>,
}

enum Cell {
    Null,
    Integer(i64),
    Real(f64),
    Text(Range<usize>),
    Blob(Range<usize>),
}

impl Copied {
    /// Reads what follows; the entry to go on from where that is not all.
    fn read(&mut self, mut rows: Rows<'_>) -> Result<Option<i64>, Error> {
        self.cells.clear();
        self.bytes.clear();
        while let Some(row) = rows.next()? {
            for position in 0..COLUMNS.len() {
                let cell = match row.get_ref(position)? {
                    ValueRef::Null => Cell::Null,
                    ValueRef::Integer(number) => Cell::Integer(number),
                    ValueRef::Real(number) => Cell::Real(number),
                    ValueRef::Text(text) => Cell::Text(self.add(text)),
                    ValueRef::Blob(blob) => Cell::Blob(self.add(blob)),
                };
                self.cells.push(cell);
            }
            if self.bytes.len() >= READ_AT_ONCE {
                return Ok(Some(row.get::<_, i64>(0)? + 1));
            }
        }
        Ok(None)
    }

    fn add(&mut self, bytes: &[u8]) -> Range<usize> {
        let from = self.bytes.len();
        self.bytes.extend_from_slice(bytes);
        from..self.bytes.len()
    }

    fn value(&self, cell: &Cell) -> ValueRef<'_> {
        match cell {
            Cell::Null => ValueRef::Null,
            Cell::Integer(number) => ValueRef::Integer(*number),
            Cell::Real(number) => ValueRef::Real(*number),
            Cell::Text(range) => ValueRef::Text(&self.bytes[range.clone()]),
            Cell::Blob(range) => ValueRef::Blob(&self.bytes[range.clone()]),
        }
    }
}

fn view<'a>(value: impl Fn(usize) -> Result<ValueRef<'a>, Error>) -> Result<EntryView<'a>, Error> {
    let optional_text = |position: usize| -> Result<Option<&'a str>, Error> {
        match value(position)? {
            ValueRef::Null => Ok(None),
            ValueRef::Text(text) => std::str::from_utf8(text)
                .map(Some)
                .map_err(|_| Error::data(format!("entries.{} is not UTF-8", COLUMNS[position]))),
            _ => Err(Error::data(format!("entries.{} is not text", COLUMNS[position]))),
        }
    };
    let text = |position: usize| Ok::<_, Error>(optional_text(position)?.unwrap_or_default());
    let blob = |position: usize| -> Result<Option<&'a [u8]>, Error> {
        value(position)?
            .as_blob_or_null()
            .map_err(|_| Error::data(format!("entries.{} is not a blob", COLUMNS[position])))
    };
    let number = |position: usize| {
        value(position)?
            .as_i64_or_null()
            .map_err(|_| Error::data(format!("entries.{} is not a number", COLUMNS[position])))
    };
    Ok(EntryView {
        entry: u64::try_from(number(0)?.unwrap_or(-1))
            .map_err(|_| Error::data("entries.entry is negative"))?,
        id: uuid(blob(1)?.unwrap_or_default())?,
        at: number(2)?.and_then(Timestamp::from_micros),
        recorded_by_kind: text(3)?,
        recorded_by_id: blob(4)?.map(uuid).transpose()?,
        actor_kind: text(5)?,
        actor: optional_text(6)?,
        action: text(7)?,
        target_kind: optional_text(8)?,
        target: optional_text(9)?,
        outcome: text(10)?,
        authority: text(11)?,
        ip: optional_text(12)?,
        leaf: text(13)?,
        payload: optional_text(14)?,
        salt: blob(15)?,
        changes: optional_text(16)?,
        occurred_at: number(17)?.and_then(Timestamp::from_micros),
    })
}
