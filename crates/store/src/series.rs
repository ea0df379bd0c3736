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

/// The numbers of the metrics that fulfil every condition, by bucket and unit: of the oldest, at most so many. PostgreSQL puts them
/// together as text, since a row of its own for each takes several times as long; from SQLite they are taken one by one, as they
/// come.
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
    let metrics = format!(
        "SELECT at, unit, value FROM metrics{} ORDER BY at LIMIT {limit}",
        all.clause()
    );
    let mut together = match conn {
        Conn::Sqlite(conn) => {
            let mut together = Together::default();
            conn.each(&metrics, all.args(), |row| together.add(&row, bucket))?;
            together.numbers()?
        }
        Conn::Pg(conn) => {
            let begin = bucket.map_or("NULL::timestamptz".to_owned(), |bucket| {
                // Half of what `date_trunc` takes, which looks at time zones.
                format!("date_bin('1 {}', at, '0001-01-01Z')", bucket.as_str())
            });
            let sql =
                format!("SELECT {begin}, unit, string_agg(value, ' ') FROM ({metrics}) AS m GROUP BY 1, 2");
            let rows = conn.all(&sql, all.args()).await?;
            rows.iter().map(read).collect::<Result<Vec<_>, _>>()?
        }
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

/// The numbers of one bucket.
#[derive(Default)]
struct Units {
    without: Vec<f64>,
    of_unit: HashMap<String, Vec<f64>>,
}

/// What came of rows so far, by when the bucket of their time begins.
#[derive(Default)]
struct Together(HashMap<Option<i64>, Units>);

impl Together {
    /// Adds a row of a time, a unit and a number.
    fn add(&mut self, row: &Row, bucket: Option<Bucket>) -> Result<(), Error> {
        let at = row.int(0)?;
        let begin = bucket.map(|bucket| at - at.rem_euclid(bucket.micros()));
        let units = self.0.entry(begin).or_default();
        let number = number(row.text(2)?)?;
        let Some(unit) = row.optional_text(1)? else {
            units.without.push(number);
            return Ok(());
        };
        match units.of_unit.get_mut(unit) {
            Some(numbers) => numbers.push(number),
            None => drop(units.of_unit.insert(unit.to_owned(), vec![number])),
        }
        Ok(())
    }

    fn numbers(self) -> Result<Vec<Numbers>, Error> {
        let mut together = Vec::new();
        for (begin, units) in self.0 {
            let begins =
                |begin| Timestamp::from_micros(begin).ok_or_else(|| Error::data("metrics.at is no time"));
            let at = begin.map(begins).transpose()?;
            let without = Some((None, units.without)).filter(|(_, numbers)| !numbers.is_empty());
            let of_unit = units
                .of_unit
                .into_iter()
                .map(|(unit, numbers)| (Some(unit), numbers));
            let all = without.into_iter().chain(of_unit);
            together.extend(all.map(|(unit, numbers)| Numbers { at, unit, numbers }));
        }
        Ok(together)
    }
}
