//! Bulk writes and scans on PostgreSQL: binary COPY where rows are only added, `unnest` where they may be there.

use std::pin::pin;

use bytes::{BufMut, BytesMut};
use domain::record::{Kind, Val};
use futures_util::TryStreamExt;
use tokio_postgres::types::Type;
use uuid::Uuid;

use super::value::{EPOCH_MICROS, put};
use super::{PgConn, run};
use crate::entry_row::{COLUMNS, EntryRow, EntryView, Visit};
use crate::error::Error;
use crate::head::int;
use evidence::time::Timestamp;

/// What PostgreSQL's binary COPY format begins with.
const SIGNATURE: &[u8] = b"PGCOPY\n\xff\r\n\0";

/// One row of PostgreSQL's binary COPY format.
struct CopyRow<'a>(&'a mut BytesMut);

impl CopyRow<'_> {
    fn field(&mut self, bytes: &[u8]) {
        // A field is bounded far below 2^31 by the bounds of an event.
        self.0.put_i32(i32::try_from(bytes.len()).unwrap_or(i32::MAX));
        self.0.put_slice(bytes);
    }

    fn optional(&mut self, bytes: Option<&[u8]>) {
        match bytes {
            Some(bytes) => self.field(bytes),
            None => self.0.put_i32(-1),
        }
    }

    fn text(&mut self, text: Option<&String>) {
        self.optional(text.map(String::as_bytes));
    }
}

pub(crate) async fn append_entries(
    conn: &mut PgConn,
    columns: &[&str],
    rows: &[EntryRow],
) -> Result<(), Error> {
    let size = rows
        .iter()
        .map(|row| 400 + row.leaf.len() + row.payload.as_ref().map_or(0, String::len))
        .sum();
    let target = format!("entries ({})", columns.join(", "));
    copy_in(conn, &target, size, |out| {
        for row in rows {
            put_entry(row, columns.len(), out);
        }
    })
    .await
}

/// Adds rows to a table with the names of its columns.
pub(crate) async fn copy(conn: &mut PgConn, target: &str, rows: &[Vec<Val>]) -> Result<(), Error> {
    copy_in(conn, target, rows.len() * 200, |out| {
        for row in rows {
            out.put_i16(i16::try_from(row.len()).unwrap_or(i16::MAX));
            for value in row {
                let begin = out.len();
                out.put_i32(-1);
                if *value != Val::Null {
                    put(value, out);
                    let length = i32::try_from(out.len() - begin - 4).unwrap_or(i32::MAX);
                    out[begin..begin + 4].copy_from_slice(&length.to_be_bytes());
                }
            }
        }
    })
    .await
}

async fn copy_in(
    conn: &mut PgConn,
    target: &str,
    size: usize,
    put: impl FnOnce(&mut BytesMut),
) -> Result<(), Error> {
    let mut out = BytesMut::with_capacity(size);
    out.put_slice(SIGNATURE);
    out.put_i32(0); // flags
    out.put_i32(0); // no header extension
    put(&mut out);
    out.put_i16(-1);
    let sql = format!("COPY {target} FROM STDIN (FORMAT binary)");
    conn.copy_in(&sql, out.freeze()).await.map(drop)
}

fn put_entry(row: &EntryRow, columns: usize, out: &mut BytesMut) {
    out.put_i16(i16::try_from(columns).unwrap_or(i16::MAX));
    let mut fields = CopyRow(out);
    (0..columns).for_each(|column| put_column(row, column, &mut fields));
}

/// A column of entries, written as an array.
#[derive(Clone, Copy, Debug)]
pub(crate) struct EntryColumn<'a> {
    pub rows: &'a [EntryRow],
    /// Position in [`COLUMNS`].
    pub column: usize,
}

/// The arrays that [`EntryColumn`] writes, as the parameters of `unnest`.
pub(crate) const INSERT_ENTRIES: &str = "INSERT INTO entries (entry, id, at, recorded_by_kind, recorded_by_id, \
    actor_kind, actor, action, target_kind, target, outcome, authority, ip, leaf, payload, salt, changes, occurred_at) \
    SELECT * FROM unnest($1::bigint[], $2::uuid[], $3::timestamptz[], $4::text[], $5::uuid[], $6::text[], $7::text[], \
    $8::text[], $9::text[], $10::text[], $11::text[], $12::text[], $13::text[], $14::text[], $15::text[], $16::bytea[], \
    $17::text[], $18::timestamptz[])";

impl EntryColumn<'_> {
    /// Appends the array's binary form.
    pub fn put(&self, out: &mut BytesMut) -> Result<(), Box<dyn std::error::Error + Sync + Send>> {
        let oid = match self.column {
            0 => Type::INT8,
            1 | 4 => Type::UUID,
            2 | 17 => Type::TIMESTAMPTZ,
            15 => Type::BYTEA,
            _ => Type::TEXT,
        }
        .oid();
        out.put_i32(1); // dimensions
        out.put_i32(1); // there may be NULLs
        out.put_u32(oid);
        out.put_i32(i32::try_from(self.rows.len())?);
        out.put_i32(1); // lower bound
        let column = self.column;
        let mut fields = CopyRow(out);
        self.rows
            .iter()
            .for_each(|row| put_column(row, column, &mut fields));
        Ok(())
    }
}

/// A time as PostgreSQL counts it.
fn micros(time: Timestamp) -> [u8; 8] {
    (time.micros() - EPOCH_MICROS).to_be_bytes()
}

fn put_column(row: &EntryRow, column: usize, fields: &mut CopyRow<'_>) {
    match column {
        0 => fields.field(&int(row.entry).to_be_bytes()),
        1 => fields.field(row.id.as_bytes()),
        2 => fields.field(&micros(row.at)),
        3 => fields.field(row.recorded_by_kind.as_bytes()),
        4 => fields.optional(row.recorded_by_id.as_ref().map(|id| id.as_bytes().as_slice())),
        5 => fields.field(row.actor_kind.as_bytes()),
        6 => fields.text(row.actor.as_ref()),
        7 => fields.field(row.action.as_bytes()),
        8 => fields.text(row.target_kind.as_ref()),
        9 => fields.text(row.target.as_ref()),
        10 => fields.field(row.outcome.as_bytes()),
        11 => fields.field(row.authority.as_bytes()),
        12 => fields.text(row.ip.as_ref()),
        13 => fields.field(row.leaf.as_bytes()),
        14 => fields.text(row.payload.as_ref()),
        15 => fields.optional(row.salt.as_ref().map(|salt| salt.0.as_slice())),
        16 => fields.text(row.changes.as_ref()),
        _ => fields.optional(row.occurred_at.map(micros).as_ref().map(<[u8; 8]>::as_slice)),
    }
}

fn array_type(kind: Kind) -> &'static str {
    match kind {
        Kind::Int => "bigint[]",
        Kind::Bool => "boolean[]",
        Kind::Text => "text[]",
        Kind::Bytes => "bytea[]",
        Kind::Uuid => "uuid[]",
        Kind::Time => "timestamptz[]",
        Kind::Amount => "numeric[]",
    }
}

/// Rows given as an array for each column.
pub(crate) fn unnest(kinds: &[Kind]) -> String {
    let arrays: Vec<String> = kinds
        .iter()
        .zip(1..)
        .map(|(kind, number)| format!("${number}::{}", array_type(*kind)))
        .collect();
    format!("unnest({})", arrays.join(", "))
}

/// By COPY, which gives a row as it stands in a message: no list of its fields is made, as of the row of an answer.
pub(crate) async fn visit_entries(
    conn: &mut PgConn,
    from: u64,
    to: u64,
    visit: Visit<'_>,
) -> Result<(), Error> {
    let sql = format!(
        "COPY (SELECT {} FROM entries WHERE entry >= {from} AND entry < {to} ORDER BY entry) TO STDOUT (FORMAT binary)",
        COLUMNS.join(", ")
    );
    conn.idle_since = None;
    run(&conn.patience, &sql, async {
        let messages = conn.client.copy_out(&*sql).await?;
        let mut messages = pin!(messages);
        let (mut copied, mut count) = (Copied::default(), 0);
        while let Some(message) = messages.try_next().await? {
            copied.read(&message, &mut |fields| {
                visit(view(fields));
                count += 1;
            });
        }
        Ok((copied.ended(), count))
    })
    .await?
}

/// The fields of a row; none for NULL.
type Fields<'a> = [Option<&'a [u8]>; COLUMNS.len()];

/// How far binary COPY was read: messages that hold whole rows, before them a header, after them a mark.
#[derive(Default)]
struct Copied {
    begun: bool,
    /// Whether the mark was there, or something that is none of this.
    end: Option<Result<(), Error>>,
}

impl Copied {
    fn read(&mut self, message: &[u8], row: &mut dyn FnMut(&Fields<'_>)) {
        if self.end.is_none() {
            self.end = self.read_on(message, row).transpose();
        }
    }

    /// Whether the mark came.
    fn read_on(&mut self, mut message: &[u8], row: &mut dyn FnMut(&Fields<'_>)) -> Result<Option<()>, Error> {
        let wrong = || Error::data("what PostgreSQL copied out cannot be read");
        if !std::mem::replace(&mut self.begun, true) {
            let flags = message.strip_prefix(SIGNATURE).ok_or_else(wrong)?;
            let (header, rest) = flags.split_at_checked(8).ok_or_else(wrong)?;
            // No flags, and no header extension.
            message = if header == [0; 8] {
                rest
            } else {
                return Err(wrong());
            };
        }
        while !message.is_empty() {
            let (count, mut rest) = message.split_first_chunk().ok_or_else(wrong)?;
            let count = i16::from_be_bytes(*count);
            if count == -1 {
                return Ok(Some(()));
            }
            if usize::try_from(count) != Ok(COLUMNS.len()) {
                return Err(wrong());
            }
            let mut fields: Fields<'_> = [None; COLUMNS.len()];
            for field in &mut fields {
                let (length, from) = rest.split_first_chunk().ok_or_else(wrong)?;
                rest = from;
                // -1 is NULL.
                if let Ok(length) = usize::try_from(i32::from_be_bytes(*length)) {
                    let (value, behind) = rest.split_at_checked(length).ok_or_else(wrong)?;
                    *field = Some(value);
                    rest = behind;
                }
            }
            row(&fields);
            message = rest;
        }
        Ok(None)
    }

    fn ended(self) -> Result<(), Error> {
        self.end
            .unwrap_or_else(|| Err(Error::data("what PostgreSQL copied out ended early")))
    }
}

fn view<'a>(fields: &Fields<'a>) -> Result<EntryView<'a>, Error> {
    let raw = |position: usize| fields[position];
    let optional_text = |position: usize| -> Result<Option<&'a str>, Error> {
        raw(position)
            .map(|bytes| {
                std::str::from_utf8(bytes)
                    .map_err(|_| Error::data(format!("entries.{} is not UTF-8", COLUMNS[position])))
            })
            .transpose()
    };
    let text = |position: usize| Ok::<_, Error>(optional_text(position)?.unwrap_or_default());
    let optional_number = |position: usize| -> Result<Option<i64>, Error> {
        let read = |bytes: &[u8]| {
            let bytes = bytes.try_into().map(i64::from_be_bytes);
            bytes.map_err(|_| Error::data(format!("entries.{} is not eight bytes", COLUMNS[position])))
        };
        raw(position).map(read).transpose()
    };
    let number = |position: usize| Ok::<_, Error>(optional_number(position)?.unwrap_or_default());
    let time = |micros: i64| Timestamp::from_micros(micros.saturating_add(EPOCH_MICROS));
    let id = |position: usize| -> Result<Option<Uuid>, Error> {
        let parse = |bytes| Uuid::from_slice(bytes).map_err(|_| Error::data("a stored UUID is not 16 bytes"));
        raw(position).map(parse).transpose()
    };
    Ok(EntryView {
        entry: u64::try_from(number(0)?).map_err(|_| Error::data("entries.entry is negative"))?,
        id: id(1)?.unwrap_or_default(),
        at: time(number(2)?),
        recorded_by_kind: text(3)?,
        recorded_by_id: id(4)?,
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
        salt: raw(15),
        changes: optional_text(16)?,
        occurred_at: optional_number(17)?.and_then(time),
    })
}
