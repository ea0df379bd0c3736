//! Checking the rows of sealed tables against the entries that wrote them.

use std::collections::{BTreeMap, HashMap};

use domain::record::{Table, Val, row_digest};
use domain::tables::{SEALED, Stored};
use evidence::commitment::{self, ChangeRecord};
use evidence::json;
use store::{Conn, sealed};
use uuid::Uuid;

use super::days::Days;
use super::sums::Sums;
use super::{Finding, Findings, Progress, RowsChecked, VerifyProgress};
use crate::error::Error;

/// Rows read at a time.
const PAGE: i64 = 1_000;

/// Re-reads every row of every sealed table.
pub(crate) async fn check(
    conn: &mut Conn,
    (written, size): (&BTreeMap<String, u64>, u64),
    (sums, days): (&mut Sums, &mut Days),
    findings: &mut Findings,
    progress: Progress<'_>,
) -> Result<Vec<RowsChecked>, Error> {
    let mut checked = Vec::new();
    check_erasures(conn, findings).await?;
    for table in SEALED {
        let mut versions = 0;
        let total = store::checks::count(conn, table).await?;
        let mut done = 0;
        let mut after: Option<Val> = None;
        loop {
            let rows = page(conn, table, after.as_ref()).await?;
            let Some(last) = rows.last() else { break };
            after = last.0.first().cloned();
            done += rows.len() as u64;
            versions += check_page(conn, table, rows, (sums, days), findings).await?;
            progress(VerifyProgress {
                done,
                total,
                what: table.name,
            });
        }
        let written = written.get(table.name).copied().unwrap_or_default();
        // Each version of a row is written once. Where one was put back by hand and then changed by a command, every
        // row agrees with its entry, but there were more writes than versions.
        if written > versions && !findings.of(table.name) {
            name_rewritten(conn, table, size, findings).await?;
        }
        checked.push(RowsChecked {
            table: table.name,
            rows: done,
        });
    }
    Ok(checked)
}

/// Names the rows that entries wrote more often than they have versions.
async fn name_rewritten(
    conn: &mut Conn,
    table: &'static Table,
    size: u64,
    findings: &mut Findings,
) -> Result<(), Error> {
    let mut written: HashMap<Uuid, u64> = HashMap::new();
    for from in (0..size).step_by(1_000) {
        let indexes: Vec<u64> = (from..size.min(from + 1_000)).collect();
        let lists = change_lists(conn, &indexes).await?;
        let of_table = lists
            .values()
            .flatten()
            .filter(|record| record.table == table.name);
        of_table.for_each(|record| *written.entry(record.id).or_default() += 1);
    }
    let mut after: Option<Val> = None;
    loop {
        let rows = page(conn, table, after.as_ref()).await?;
        let Some(last) = rows.last() else { return Ok(()) };
        after = last.0.first().cloned();
        for row in rows {
            let row = sealed::read(table, row)?;
            let times = written.get(&row.id).copied().unwrap_or_default();
            if times > row.version {
                let what = format!(
                    "entries wrote the row {times} times, but it has {} versions: it was removed, or an older version was \
                     put back by hand, and it was written again by a command since",
                    row.version
                );
                findings.add(Finding::new(table.name, what).id(row.id));
            }
        }
    }
}

/// Rows of a table, those after this id.
pub async fn page(
    conn: &mut Conn,
    table: &'static Table,
    after: Option<&Val>,
) -> Result<Vec<store::Row>, store::Error> {
    let select = sealed::select(table);
    match after {
        None => {
            conn.all(&format!("{select} ORDER BY id LIMIT $1"), &[PAGE.into()])
                .await
        }
        Some(after) => {
            conn.all(
                &format!("{select} WHERE id > $1 ORDER BY id LIMIT $2"),
                &[after.clone(), PAGE.into()],
            )
            .await
        }
    }
}

/// Checks rows; the sum of their versions.
async fn check_page(
    conn: &mut Conn,
    table: &'static Table,
    rows: Vec<store::Row>,
    (sums, days): (&mut Sums, &mut Days),
    findings: &mut Findings,
) -> Result<u64, Error> {
    let mut read = Vec::with_capacity(rows.len());
    for row in rows {
        let id = row.uuid(0).map_or_else(|_| "?".to_owned(), |id| id.to_string());
        match sealed::read(table, row) {
            Ok(row) => read.push(row),
            Err(error) => findings.add(Finding::new(table.name, error.message).id(id)),
        }
    }
    check_seals(conn, table, &read, findings).await?;
    let versions = read.iter().map(|row| row.version).sum();
    for row in read {
        days.take(table, &row);
        sums.take(table, row);
    }
    Ok(versions)
}

/// Checks that each row is the one that its entry wrote.
pub async fn check_seals(
    conn: &mut Conn,
    table: &'static Table,
    rows: &[Stored],
    findings: &mut Findings,
) -> Result<(), Error> {
    let mut indexes: Vec<u64> = rows.iter().map(|row| row.entry).collect();
    indexes.sort_unstable();
    indexes.dedup();
    let lists = change_lists(conn, &indexes).await?;
    for row in rows {
        let record = lists.get(&row.entry).and_then(|records| {
            records
                .iter()
                .find(|record| record.id == row.id && record.table == table.name)
        });
        if let Some(what) = difference(table, row, record) {
            findings.add(Finding::new(table.name, what).id(row.id).entry(row.entry));
            findings.doubt(table, row);
        }
    }
    Ok(())
}

/// The lists of changes of some entries.
async fn change_lists(conn: &mut Conn, indexes: &[u64]) -> Result<HashMap<u64, Vec<ChangeRecord>>, Error> {
    let mut lists = HashMap::new();
    for row in store::checks::change_lists(conn, indexes).await? {
        // A list that does not read was named when its entry was checked.
        let text = row.optional_text(1).unwrap_or_default();
        let records = text
            .and_then(|text| commitment::parse_changes(text).ok())
            .unwrap_or_default();
        lists.insert(row.unsigned(0)?, records);
    }
    Ok(lists)
}

fn difference(table: &'static Table, row: &Stored, record: Option<&ChangeRecord>) -> Option<String> {
    let Some(record) = record else {
        return Some(
            "the row was added or its entry changed by hand: that entry did not write it".to_owned(),
        );
    };
    if record.version != row.version {
        return Some(format!(
            "the row has version {}, its entry wrote version {}",
            row.version, record.version
        ));
    }
    let digest = row_digest(table, row.id, &row.values, row.version, row.entry, &row.salt);
    (record.digest.as_deref() != Some(&json::hex(&digest)))
        .then(|| "a column or the salt was changed: the row is not the one that its entry wrote".to_owned())
}

/// Checks that what was erased by command is erased.
async fn check_erasures(conn: &mut Conn, findings: &mut Findings) -> Result<(), Error> {
    for row in store::checks::not_erased(conn).await? {
        let what = "the payload is there although a command erased it";
        let mut finding = Finding::new("entries", what).entry(row.unsigned(0)?);
        finding.id = row.uuid(1).ok().map(|id| id.to_string());
        findings.add(finding);
    }
    Ok(())
}
