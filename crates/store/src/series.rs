//! The numbers of metrics, put together by time and unit.

use std::collections::HashMap;

use domain::workflow::metric::{Bucket, Number};
use evidence::Timestamp;

use crate::conditions::{Condition, Where};
use crate::conn::Conn;
use crate::error::Error;
use crate::row::Row;

/// The numbers of the metrics of one unit in one bucket.
#[derive(Clone, Debug, PartialEq)]
pub struct Numbers {
    /// When the bucket begins, where there are buckets.
    pub at: Option<Timestamp>,
    /// In what they are.
    pub unit: Option<String>,
    /// The numbers, in any order.
    pub numbers: Vec<f64>,
}

/// The numbers of the metrics that fulfil every condition, by bucket and unit: of the oldest, at most so many. The database puts
/// them together as text, since a row of its own for each takes several times as long.
pub async fn numbers(
    conn: &mut Conn,
    conditions: &[Condition],
    bucket: Option<Bucket>,
    limit: i64,
) -> Result<Vec<Numbers>, Error> {
    let mut all = Where::default();
    for condition in conditions {
        all.add(condition);
    }
    if all.is_impossible() {
        return Ok(Vec::new());
    }
    let limit = all.arg(limit);
    let (columns, groups) = match (&conn, bucket) {
        // One text of all, in the order of their times: to group them would sort them once more, in memory that each thread
        // keeps. No unit has a line break.
        (Conn::Sqlite(_), bucket) => {
            // What remains of a negative number is negative.
            let begin = bucket.map_or("0".to_owned(), |bucket| {
                let long = bucket.micros();
                format!("((at - (at % {long} + {long}) % {long}) / {long})")
            });
            let line = format!("{begin} || ' ' || value || coalesce(' ' || unit, '')");
            (format!("group_concat({line}, char(10))"), "")
        }
        (Conn::Pg(_), None) => {
            let columns = "NULL::timestamptz, unit, string_agg(value, ' ')";
            (columns.to_owned(), " GROUP BY 1, 2")
        }
        (Conn::Pg(_), Some(bucket)) => {
            // Half of what `date_trunc` takes, which looks at time zones.
            let begin = format!("date_bin('1 {}', at, '0001-01-01Z')", bucket.as_str());
            (format!("{begin}, unit, string_agg(value, ' ')"), " GROUP BY 1, 2")
        }
    };
    let sql = format!(
        "SELECT {columns} FROM (SELECT at, unit, value FROM metrics{} ORDER BY at LIMIT {limit}) AS m{groups}",
        all.clause()
    );
    let rows = conn.all(&sql, all.args()).await?;
    let mut together = match (&conn, rows.first()) {
        (Conn::Sqlite(_), Some(row)) => lines(row.optional_text(0)?.unwrap_or_default(), bucket)?,
        _ => rows.iter().map(read).collect::<Result<Vec<_>, _>>()?,
    };
    together.sort_unstable_by(|one, other| (one.at, &one.unit).cmp(&(other.at, &other.unit)));
    Ok(together)
}

/// Whether each is spelt as it should be is looked at where rows are verified: here there may be a million.
fn number(text: &str) -> Result<f64, Error> {
    let number = text.parse().ok().and_then(Number::new).map(Number::get);
    number.ok_or_else(|| Error::data("metrics.value is not a number"))
}

fn read(row: &Row) -> Result<Numbers, Error> {
    Ok(Numbers {
        at: row.optional_time(0)?,
        unit: row.optional_text(1)?.map(str::to_owned),
        numbers: row.text(2)?.split(' ').map(number).collect::<Result<_, _>>()?,
    })
}

/// Reads lines of which each has the number of its bucket, a number and perhaps its unit.
fn lines(text: &str, bucket: Option<Bucket>) -> Result<Vec<Numbers>, Error> {
    let mut found: HashMap<(&str, Option<&str>), Vec<f64>> = HashMap::new();
    for line in text.lines() {
        let mut parts = line.splitn(3, ' ');
        let (begin, value) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        found
            .entry((begin, parts.next()))
            .or_default()
            .push(number(value)?);
    }
    let numbers = found.into_iter().map(|((begin, unit), numbers)| {
        let begins = |bucket: Bucket| {
            let micros = begin.parse::<i64>().ok()?.checked_mul(bucket.micros())?;
            Timestamp::from_micros(micros)
        };
        let at = match bucket {
            Some(bucket) => Some(begins(bucket).ok_or_else(|| Error::data("metrics.at is no time"))?),
            None => None,
        };
        let unit = unit.map(str::to_owned);
        Ok(Numbers { at, unit, numbers })
    });
    numbers.collect()
}
