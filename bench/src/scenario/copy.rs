//! `copy-baseline`: the fastest way into PostgreSQL that there is, into a table with the columns and indexes of
//! `entries` but without any of Probity's work, against arrays of 100 through the API.

use std::time::Instant;

use bytes::Bytes;

use super::{Context, as_f64, preload, progress};
use crate::database::Sql;
use crate::error::Error;
use crate::options::Engine;
use crate::report::{self, Copied, Load, thousands};

/// The load that COPY is compared with.
const CONNECTIONS: usize = 8;
const BATCH: u16 = 100;
/// Formats of COPY.
const FORMATS: [&str; 2] = ["text", "binary"];

impl Context<'_> {
    pub(super) fn copy_baseline(&mut self, rows: u64, transactions: &[u64]) -> Result<(), Error> {
        // Where an earlier scenario measured it, that will do.
        let known = self.report.loads.iter().find(|load| is_api_load(load));
        let api = if let Some(load) = known {
            load.items_per_second
        } else {
            self.append(Engine::Postgres, CONNECTIONS, BATCH, None)?
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
            self.ratio(what, api, copy.rows_per_second, None);
        }
        self.ratio("API by 100 on postgres / fastest COPY".into(), api, fastest, None);
        self.report.copies.extend(copies);
        Ok(())
    }
}

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
    for format in FORMATS {
        for size in transactions {
            let size = if *size == 0 { rows } else { *size };
            let data = transactions_of(&mut sql, format, rows, size)?;
            let mut rates = Vec::new();
            for _ in 0..runs {
                let (all, each) = (thousands(rows), thousands(size));
                progress(&format!("COPY {format}: {all} rows, {each} a transaction"));
                sql.execute("TRUNCATE copy_target")?;
                sql.execute("CHECKPOINT")?;
                rates.push(as_f64(rows) / copy_once(&mut sql, format, &data, rows)?);
            }
            let rate = report::median_by(rates.clone(), |rate| *rate).unwrap_or_default();
            copies.push(Copied {
                format: format.to_owned(),
                transaction_rows: size,
                rows,
                seconds: as_f64(rows) / rate,
                rows_per_second: rate,
                runs: rates,
            });
        }
    }
    sql.execute("DROP TABLE copy_target")?;
    Ok(copies)
}

/// What each transaction copies, as COPY gives it. Indexes have no gaps.
fn transactions_of(sql: &mut Sql, format: &str, rows: u64, size: u64) -> Result<Vec<Bytes>, Error> {
    let first: i64 = sql.value("SELECT min(entry) FROM entries")?;
    let transaction = |done: u64| {
        let (from, count) = (first.saturating_add_unsigned(done), size.min(rows - done));
        let rows = format!("SELECT * FROM entries WHERE entry >= {from} ORDER BY entry LIMIT {count}");
        Ok(sql
            .copy_out(&format!("COPY ({rows}) TO STDOUT (FORMAT {format})"))?
            .into())
    };
    (0..rows)
        .step_by(usize::try_from(size).unwrap_or(usize::MAX))
        .map(transaction)
        .collect()
}

/// Seconds for all rows.
fn copy_once(sql: &mut Sql, format: &str, transactions: &[Bytes], rows: u64) -> Result<f64, Error> {
    let statement = format!("COPY copy_target FROM STDIN (FORMAT {format})");
    let start = Instant::now();
    let mut copied = 0;
    for transaction in transactions {
        copied += sql.copy_in(&statement, transaction)?;
    }
    let seconds = start.elapsed().as_secs_f64();
    if copied == rows {
        Ok(seconds)
    } else {
        Err(Error::Usage(format!("COPY took {copied} rows instead of {rows}")))
    }
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
            "CREATE TABLE entries (entry bigint PRIMARY KEY, note text, data bytea, at timestamptz); \
             INSERT INTO entries SELECT n, CASE n % 3 WHEN 0 THEN NULL WHEN 1 THEN '' ELSE E'a\\nb\\\\\\t' END, \
             '\\xffff0a', now() FROM generate_series(1, 1001) n",
        )
        .unwrap();
        for format in FORMATS {
            for size in [1, 100, 1_001, 5_000] {
                sql.execute(
                    "DROP TABLE IF EXISTS copy_target; CREATE TABLE copy_target (LIKE entries INCLUDING ALL)",
                )
                .unwrap();
                let data = transactions_of(&mut sql, format, 1_001, size).unwrap();
                assert_eq!(data.len() as u64, 1_001_u64.div_ceil(size), "{format}");
                assert!(copy_once(&mut sql, format, &data, 1_001).unwrap() > 0.0);
                let same = "SELECT count(*) FROM copy_target c JOIN entries e USING (entry) \
                            WHERE (c.note, c.data, c.at) IS NOT DISTINCT FROM (e.note, e.data, e.at)";
                let found: i64 = sql.value(same).unwrap();
                assert_eq!(found, 1_001, "{format}, {size} a transaction");
            }
        }
        let short = transactions_of(&mut sql, FORMATS[0], 1, 1).unwrap();
        sql.execute("TRUNCATE copy_target").unwrap();
        assert!(
            copy_once(&mut sql, FORMATS[0], &short, 2).is_err(),
            "a row is missing"
        );
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
}
