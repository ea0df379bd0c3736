//! `copy-baseline`: the fastest way into PostgreSQL that there is, into a table with the columns and indexes of
//! `entries` but without any of Probity's work, against arrays of 100 through the API.

use std::time::Instant;

use bytes::Bytes;

use super::{Context, as_f64, preload, progress};
use crate::database::{Format, Sql};
use crate::error::Error;
use crate::options::Engine;
use crate::report::{self, Copied, Load, thousands};

/// The load that COPY is compared with.
const CONNECTIONS: usize = 8;
const BATCH: u16 = 100;
/// What precedes the rows of a binary COPY (PostgreSQL, "COPY", "Binary Format"): signature, flags, extension.
const BINARY_HEADER: &[u8] = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0";
const BINARY_TRAILER: &[u8] = b"\xff\xff";

impl Context<'_> {
    pub(super) fn copy_baseline(&mut self, rows: u64, transactions: &[u64]) -> Result<(), Error> {
        let known = self
            .report
            .loads
            .iter()
            .find(|load| is_api_load(load))
            .map(|load| load.items_per_second);
        let api = if let Some(rate) = known {
            rate
        } else {
            let load = self.append_runs(Engine::Postgres, CONNECTIONS, BATCH, None)?;
            let rate = load.items_per_second;
            self.report.loads.push(load);
            rate
        };
        let installation = self.install(Engine::Postgres)?;
        let server = installation.serve()?;
        preload(&installation, &server, rows)?;
        drop(server);
        let url = installation
            .database_url()
            .ok_or_else(|| Error::Usage("not on PostgreSQL".into()))?;
        let copies = copy_all(url, rows, transactions, self.common.runs)?;
        let fastest = copies.iter().map(|copy| copy.rows_per_second).fold(0.0, f64::max);
        for copy in &copies {
            let size = thousands(copy.transaction_rows);
            let what = format!(
                "API by 100 on postgres / COPY {}, {size} rows a transaction",
                copy.format
            );
            self.ratio(what, api, copy.rows_per_second);
        }
        self.ratio("API by 100 on postgres / fastest COPY".into(), api, fastest);
        self.report.copies.extend(copies);
        Ok(())
    }
}

/// An earlier scenario measured it already.
fn is_api_load(load: &Load) -> bool {
    load.engine == Engine::Postgres.to_string()
        && load.rate_due.is_none()
        && (load.connections, load.items_per_request) == (CONNECTIONS, u64::from(BATCH))
}

/// Copies the first rows of `entries` into a table like it, in every format and size of transaction.
pub(super) fn copy_all(url: &str, rows: u64, transactions: &[u64], runs: u16) -> Result<Vec<Copied>, Error> {
    let mut sql = Sql::connect(url)?;
    sql.execute("CREATE TABLE copy_target (LIKE entries INCLUDING ALL)")?;
    let mut copies = Vec::new();
    for format in [Format::Text, Format::Binary] {
        let name = format.name();
        let data = sql.copy_out(&format!(
            "COPY (SELECT * FROM entries LIMIT {rows}) TO STDOUT (FORMAT {name})"
        ))?;
        let rows = split(format, &Bytes::from(data))?;
        for transaction in transactions {
            let size = if *transaction == 0 {
                rows.len() as u64
            } else {
                *transaction
            };
            let mut seconds = Vec::new();
            for _ in 0..runs {
                progress(&format!(
                    "COPY {name}: {} rows, {} a transaction",
                    rows.len(),
                    thousands(size)
                ));
                sql.execute("TRUNCATE copy_target")?;
                sql.execute("CHECKPOINT")?;
                seconds.push(copy_once(&mut sql, format, &rows, size)?);
            }
            let all = seconds
                .iter()
                .map(|seconds| as_f64(rows.len() as u64) / seconds)
                .collect::<Vec<_>>();
            let seconds = report::median_by(seconds, |seconds| 1.0 / seconds).unwrap_or_default();
            copies.push(Copied {
                format: name.to_owned(),
                transaction_rows: size,
                rows: rows.len() as u64,
                seconds,
                rows_per_second: as_f64(rows.len() as u64) / seconds,
                runs: all,
            });
        }
    }
    sql.execute("DROP TABLE copy_target")?;
    Ok(copies)
}

/// Seconds for all rows; the data of each transaction is put together before the clock starts.
fn copy_once(sql: &mut Sql, format: Format, rows: &[Bytes], size: u64) -> Result<f64, Error> {
    let statement = format!("COPY copy_target FROM STDIN (FORMAT {})", format.name());
    let chunk = usize::try_from(size).unwrap_or(usize::MAX).max(1);
    let transactions: Vec<Vec<Bytes>> = rows.chunks(chunk).map(|rows| pieces(format, rows)).collect();
    let start = Instant::now();
    let mut copied = 0;
    for transaction in transactions {
        copied += sql.copy_in(&statement, transaction)?;
    }
    let seconds = start.elapsed().as_secs_f64();
    if copied == rows.len() as u64 {
        Ok(seconds)
    } else {
        Err(Error::Usage(format!(
            "COPY took {copied} rows instead of {}",
            rows.len()
        )))
    }
}

/// Messages of about 64 KiB: one for each row would measure the client.
fn pieces(format: Format, rows: &[Bytes]) -> Vec<Bytes> {
    const PIECE_BYTES: usize = 65_536;
    let (mut pieces, mut piece) = (Vec::new(), Vec::with_capacity(PIECE_BYTES));
    if format == Format::Binary {
        piece.extend_from_slice(BINARY_HEADER);
    }
    for row in rows {
        piece.extend_from_slice(row);
        if piece.len() >= PIECE_BYTES {
            pieces.push(std::mem::replace(&mut piece, Vec::with_capacity(PIECE_BYTES)).into());
        }
    }
    if format == Format::Binary {
        piece.extend_from_slice(BINARY_TRAILER);
    }
    pieces.push(piece.into());
    pieces
}

/// The rows of what COPY gave.
fn split(format: Format, data: &Bytes) -> Result<Vec<Bytes>, Error> {
    let rows = match format {
        // A line feed within a value is escaped, so that each one ends a row.
        Format::Text => {
            let (mut rows, mut start) = (Vec::new(), 0);
            for (at, _) in data.iter().enumerate().filter(|(_, byte)| **byte == b'\n') {
                rows.push(data.slice(start..=at));
                start = at + 1;
            }
            (start == data.len()).then_some(rows)
        }
        Format::Binary => split_binary(data),
    };
    rows.ok_or_else(|| {
        Error::Usage(format!(
            "COPY gave data that is not in the {} format",
            format.name()
        ))
    })
}

fn split_binary(data: &Bytes) -> Option<Vec<Bytes>> {
    if !data.starts_with(BINARY_HEADER) {
        return None;
    }
    let (mut rows, mut at) = (Vec::new(), BINARY_HEADER.len());
    while !data[at..].starts_with(BINARY_TRAILER) {
        let start = at;
        let fields = u16::from_be_bytes(data.get(at..at + 2)?.try_into().ok()?);
        at += 2;
        for _ in 0..fields {
            let length = i32::from_be_bytes(data.get(at..at + 4)?.try_into().ok()?);
            // NULL has the length -1 and no bytes.
            at += 4 + usize::try_from(length).unwrap_or(0);
        }
        rows.push(data.get(start..at)?.to_vec().into());
    }
    (at + BINARY_TRAILER.len() == data.len()).then_some(rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Values with line feeds, NULLs and empty strings come out as they went in.
    #[test]
    fn rows_are_copied_whole_in_both_formats() {
        let database = testkit::Postgres::shared().unwrap().schema().unwrap();
        let mut sql = Sql::connect(database.url()).unwrap();
        sql.execute(
            "CREATE TABLE entries (index bigint PRIMARY KEY, note text, data bytea, at timestamptz); \
             INSERT INTO entries SELECT n, CASE n % 3 WHEN 0 THEN NULL WHEN 1 THEN '' ELSE E'a\\nb\\\\\\t' END, \
             '\\xffff0a', now() FROM generate_series(1, 1001) n",
        )
        .unwrap();
        for format in [Format::Text, Format::Binary] {
            let name = format.name();
            let data = sql
                .copy_out(&format!("COPY entries TO STDOUT (FORMAT {name})"))
                .unwrap();
            let rows = split(format, &data.into()).unwrap();
            assert_eq!(rows.len(), 1_001, "{name}");
            for size in [1, 100, 1_001, 5_000] {
                sql.execute(
                    "DROP TABLE IF EXISTS copy_target; CREATE TABLE copy_target (LIKE entries INCLUDING ALL)",
                )
                .unwrap();
                assert!(copy_once(&mut sql, format, &rows, size).unwrap() > 0.0);
                let same = "SELECT count(*) FROM copy_target c JOIN entries e USING (index) \
                            WHERE (c.note, c.data, c.at) IS NOT DISTINCT FROM (e.note, e.data, e.at)";
                assert_eq!(sql.number(same).unwrap(), 1_001, "{name}, {size} a transaction");
            }
        }
        sql.execute("DROP TABLE copy_target").unwrap();
        let copies = copy_all(database.url(), 500, &[100, 0], 1).unwrap();
        let sizes: Vec<_> = copies
            .iter()
            .map(|copy| (&*copy.format, copy.transaction_rows, copy.rows))
            .collect();
        assert_eq!(
            sizes,
            [
                ("text", 100, 500),
                ("text", 500, 500),
                ("binary", 100, 500),
                ("binary", 500, 500)
            ]
        );
    }

    #[test]
    fn what_is_cut_short_is_refused() {
        assert!(split(Format::Text, &Bytes::from_static(b"1\t2\n3")).is_err());
        for cut in [&b"PGCOPY"[..], BINARY_HEADER] {
            assert!(split(Format::Binary, &Bytes::copy_from_slice(cut)).is_err());
        }
    }
}
