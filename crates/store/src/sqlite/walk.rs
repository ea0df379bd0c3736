//! Walks through the log on SQLite: one short prepared question a bucket, within one read transaction.
//!
//! There are no round trips here, so the loop over the buckets needs no statement; and it ends where the page is full.

use domain::record::Val;
use rusqlite::{Connection, Statement, StatementStatus};

use super::{Bound, SqliteConn, translate, value};
use crate::conditions::{BUCKET_BITS, Where};
use crate::entries::StoredEntry;
use crate::error::Error;
use crate::head::int;
use crate::row::Row;
use crate::walk::{Order, Room, Step, Stepped, ends};

/// What the library does, in its own steps, for an entry that is looked at and not taken, and about at most for a bucket
/// without entries.
const STEPS_A_LOOK: u64 = 12;
const STEPS_A_BUCKET: u64 = 40;

/// The statement: parameter `$1` is the bucket, where there is a way. Its index is named, so that no other is taken.
fn sql(step: &Step<'_>, named: bool, all: &mut Where) -> String {
    let way = step.way.and_then(|way| step.terms[way].index);
    let by = match way {
        Some(index) if named => format!("INDEXED BY {index}"),
        Some(_) => String::new(),
        None => "NOT INDEXED".to_owned(),
    };
    let bucket = way.map_or(String::new(), |_| {
        format!("entry >> {BUCKET_BITS} = {} AND ", all.arg(Val::Null))
    });
    let driver = step
        .driver(all)
        .map_or(String::new(), |driver| format!(" AND {driver}"));
    let range = all.filled("entry >= ? AND entry < ?", ends(&step.range));
    let rest = step.rest(all);
    let limit = all.arg(i64::from(step.room.entries));
    format!(
        "SELECT {} FROM entries {by} WHERE {bucket}{range}{driver}{rest} ORDER BY entry {} LIMIT {limit}",
        StoredEntry::LIST,
        step.order.direction()
    )
}

/// What one statement gives.
struct Taking<'a> {
    room: Room,
    bytes: u64,
    stepped: &'a mut Stepped,
}

impl Taking<'_> {
    fn is_full(&self) -> bool {
        self.stepped.cut || self.stepped.entries.len() >= self.room.entries as usize
    }

    /// Runs the statement once and takes what fits. An entry that does not fit is not read.
    fn take(&mut self, statement: &mut Statement<'_>) -> Result<(), Error> {
        let mut rows = statement.raw_query();
        while !self.is_full()
            && let Some(row) = rows.next()?
        {
            if self.room.bytes.is_some_and(|max| self.bytes >= max) {
                self.stepped.cut = true;
                break;
            }
            let values = (0..StoredEntry::COLUMNS).map(|position| value(row.get_ref(position)?));
            let entry = StoredEntry::seen(&Row(values.collect::<Result<_, _>>()?))?;
            self.bytes += entry.bytes() as u64;
            self.stepped.entries.push(entry);
        }
        Ok(())
    }
}

fn walked(conn: &Connection, sql: &str, args: &[Val], step: &Step<'_>) -> Result<Stepped, Error> {
    let mut stepped = step.nothing();
    let mut statement = conn.prepare_cached(sql)?;
    for (position, value) in args.iter().enumerate() {
        statement.raw_bind_parameter(position + 1, Bound(value))?;
    }
    let mut taking = Taking {
        room: step.room,
        bytes: 0,
        stepped: &mut stepped,
    };
    if step.way.is_none() {
        taking.take(&mut statement)?;
        return Ok(stepped);
    }
    statement.reset_status(StatementStatus::VmStep);
    let (first, last) = step.buckets();
    let mut steps_max = step.looks.saturating_mul(STEPS_A_LOOK);
    let only = step.terms.len() == 1;
    let mut bucket = match step.order {
        Order::Descending => last,
        Order::Ascending => first,
    };
    loop {
        statement.raw_bind_parameter(1, int(bucket))?;
        taking.take(&mut statement)?;
        let last_one = match step.order {
            Order::Descending => bucket == first,
            Order::Ascending => bucket == last,
        };
        if last_one || taking.is_full() {
            return Ok(stepped);
        }
        // Where every entry looked at is taken, the room is the bound.
        let steps = u64::try_from(statement.get_status(StatementStatus::VmStep)).unwrap_or(0);
        steps_max += STEPS_A_BUCKET;
        let next = match step.order {
            Order::Descending => bucket - 1,
            Order::Ascending => bucket + 1,
        };
        if !only && steps > steps_max {
            stepped.left = match step.order {
                Order::Descending => step.range.start..(bucket << BUCKET_BITS),
                Order::Ascending => (next << BUCKET_BITS)..step.range.end,
            };
            return Ok(stepped);
        }
        bucket = next;
    }
}

impl SqliteConn {
    pub(crate) fn walk(&mut self, step: &Step<'_>) -> Result<Stepped, Error> {
        match self.walk_by(step, true) {
            // Somebody dropped it, which is told elsewhere. Then a walk is slow, and still right.
            Err(error) if error.message.contains("no such index") => self.walk_by(step, false),
            done => done,
        }
    }

    fn walk_by(&mut self, step: &Step<'_>, named: bool) -> Result<Stepped, Error> {
        let mut all = Where::default();
        let sql = sql(step, named, &mut all);
        self.run(&sql, |conn| {
            // Otherwise each bucket would be a transaction of its own, with locks to take and to give back.
            let transaction = if conn.is_autocommit() {
                Some(conn.unchecked_transaction()?)
            } else {
                None
            };
            let stepped = walked(conn, &translate(&sql), all.args(), step)?;
            drop(transaction);
            let count = stepped.entries.len() as u64;
            Ok((stepped, count))
        })
    }
}
