//! Metrics in the order of their times.

use domain::workflow::metric::Number;
use evidence::Timestamp;
use uuid::Uuid;

use crate::conditions::{Condition, Where};
use crate::conn::Conn;
use crate::error::Error;

/// What a figure needs of a metric.
#[derive(Clone, Debug, PartialEq)]
pub struct Point {
    /// When it was so.
    pub at: Timestamp,
    /// Its id.
    pub id: Uuid,
    /// In what.
    pub unit: Option<String>,
    /// The number.
    pub value: Number,
}

/// The metrics that fulfil every condition, in the order of their times, after the one of this time and id: at most so many.
pub async fn points(
    conn: &mut Conn,
    conditions: &[Condition],
    after: Option<(Timestamp, Uuid)>,
    limit: u32,
) -> Result<Vec<Point>, Error> {
    let mut all = Where::default();
    for condition in conditions {
        all.add(condition);
    }
    if let Some((at, id)) = after {
        all.write("(at, id) > (?, ?)", [at.into(), id.into()]);
    }
    if all.is_impossible() {
        return Ok(Vec::new());
    }
    let limit = all.arg(i64::from(limit));
    let clause = all.clause();
    let sql = format!("SELECT at, id, unit, value FROM metrics{clause} ORDER BY at, id LIMIT {limit}");
    let rows = conn.all(&sql, all.args()).await?;
    let point = |row: crate::Row| {
        // Whether it is spelt as it should be is looked at where rows are verified: here there may be a million.
        let value = row.text(3)?.parse().ok().and_then(Number::new);
        Ok(Point {
            at: row.time(0)?,
            id: row.uuid(1)?,
            unit: row.optional_text(2)?.map(str::to_owned),
            value: value.ok_or_else(|| Error::data("metrics.value is not a number"))?,
        })
    };
    rows.into_iter().map(point).collect()
}
