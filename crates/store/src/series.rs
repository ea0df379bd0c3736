//! The numbers of metrics, put together by time and unit.

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
    let (begin, together) = match (&conn, bucket) {
        (Conn::Sqlite(_), None) => ("NULL".to_owned(), "group_concat"),
        // What remains of a negative number is negative.
        (Conn::Sqlite(_), Some(bucket)) => {
            let long = bucket.micros();
            (format!("at - (at % {long} + {long}) % {long}"), "group_concat")
        }
        (Conn::Pg(_), None) => ("NULL::timestamptz".to_owned(), "string_agg"),
        (Conn::Pg(_), Some(bucket)) => (
            // Half of what `date_trunc` takes, which looks at time zones.
            format!("date_bin('1 {}', at, '0001-01-01Z')", bucket.as_str()),
            "string_agg",
        ),
    };
    let sql = format!(
        "SELECT {begin}, unit, {together}(value, ' ') FROM (SELECT at, unit, value FROM metrics{} ORDER BY at LIMIT {limit}) AS m \
         GROUP BY 1, 2",
        all.clause()
    );
    let rows = conn.all(&sql, all.args()).await?;
    let mut together = rows.iter().map(read).collect::<Result<Vec<_>, _>>()?;
    together.sort_unstable_by(|one, other| (one.at, &one.unit).cmp(&(other.at, &other.unit)));
    Ok(together)
}

fn read(row: &Row) -> Result<Numbers, Error> {
    // Whether each is spelt as it should be is looked at where rows are verified: here there may be a million.
    let number = |text: &str| text.parse().ok().and_then(Number::new).map(Number::get);
    let numbers: Option<Vec<f64>> = row.text(2)?.split(' ').map(number).collect();
    Ok(Numbers {
        at: row.optional_time(0)?,
        unit: row.optional_text(1)?.map(str::to_owned),
        numbers: numbers.ok_or_else(|| Error::data("metrics.value is not a number"))?,
    })
}
