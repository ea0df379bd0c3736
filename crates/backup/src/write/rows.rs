//! Reading the sealed tables into members, and checking what was written of them.
//!
//! They are read in one state of the database, and fast, because that state is held for so long. Whether each row is the one
//! that its entry wrote is looked up afterwards, from what was written: entries never change.

use std::mem;

use domain::record::Table;
use domain::tables::Stored;
use engine::verify::parts::{check_seals, page};
use engine::verify::{Finding, Findings};
use store::side::{self, Mark};
use store::{Conn, sealed};

use super::spool::{Held, Spool};
use crate::error::Error;
use crate::format;

/// Rows whose seals are looked up at a time.
const LOOKED_UP: usize = 1_000;

/// A table that was read.
pub(super) struct Rows {
    pub held: Held,
    pub count: u64,
    /// Sum of the rows' versions: how often entries wrote them.
    pub versions: u64,
}

/// Reads a table, and shows each row to `also`.
pub(super) async fn read(
    conn: &mut Conn,
    spool: &mut Spool,
    table: &'static Table,
    findings: &mut Findings,
    also: &mut (dyn FnMut(&Stored) + Send),
) -> Result<Rows, Error> {
    let (mut count, mut versions, mut after) = (0, 0, None);
    let mut lines = spool.begin()?;
    loop {
        let rows = page(conn, table, after.as_ref()).await?;
        let Some(last) = rows.last().filter(|_| !lines.has_failed()) else {
            break;
        };
        after = last.0.first().cloned();
        for row in rows {
            let id = row.uuid(0).map_or_else(|_| "?".to_owned(), |id| id.to_string());
            match sealed::read(table, row) {
                Ok(row) => {
                    count += 1;
                    versions += row.version;
                    lines.add(|out| format::write_stored(table, &row, out));
                    also(&row);
                }
                Err(error) => findings.add(Finding::new(table.name, error.message).id(id)),
            }
        }
    }
    let held = lines.end()?;
    Ok(Rows {
        held,
        count,
        versions,
    })
}

/// Reads the last-seen marks.
pub(super) async fn read_marks(conn: &mut Conn, spool: &mut Spool) -> Result<(Held, u64), Error> {
    let (mut count, mut after): (u64, Option<Mark>) = (0, None);
    let mut lines = spool.begin()?;
    loop {
        let marks = side::marks(conn, after.as_ref()).await?;
        let Some(last) = marks.last() else { break };
        after = Some(*last);
        for mark in &marks {
            count += 1;
            lines.add(|out| format::write_mark(mark, out));
        }
    }
    Ok((lines.end()?, count))
}

/// Checks that each row that was written is the one that its entry wrote.
pub(super) async fn check(
    conn: &mut Conn,
    table: &'static Table,
    rows: &Rows,
    findings: &mut Findings,
) -> Result<(), Error> {
    let mut reader = rows.held.reader()?;
    let mut batch = Vec::with_capacity(LOOKED_UP);
    while let Some(line) = reader.line()? {
        let row = format::read_stored(table, line).map_err(|error| store::Error::data(error.to_string()))?;
        batch.push(row);
        if batch.len() == LOOKED_UP {
            check_seals(conn, table, &mem::take(&mut batch), findings).await?;
        }
    }
    check_seals(conn, table, &batch, findings).await?;
    Ok(())
}
