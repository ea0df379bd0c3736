//! Walks through the log on PostgreSQL: one statement, which asks bucket after bucket and ends where the page is full.

use super::PgConn;
use crate::conditions::{BUCKET_BITS, Where};
use crate::entries::StoredEntry;
use crate::error::Error;
use crate::head::int;
use crate::walk::{Order, Step, Stepped, ends};

/// The statement. Its rows are entries; of each, whether it fulfils the conditions, whether it is the last one that was
/// to be looked at, and, where bytes are bounded, how many rows there were.
///
/// An entry that does not fulfil the conditions is given only as the last one: it says how far was looked. Places are
/// compared as `entry + 0`, so that the primary key serves neither the order nor the range: there are figures by which
/// it would look cheaper than the way's index.
fn sql(step: &Step<'_>, all: &mut Where) -> String {
    let direction = step.order.direction();
    let number = all.arg(i64::from(step.room.entries));
    let [low, high] = ends(&step.range).map(|end| all.arg(end));
    let columns = StoredEntry::LIST;
    let taken = if let Some(driver) = step.driver(all) {
        let (first, last) = step.buckets();
        let (from, to, by) = match step.order {
            Order::Descending => (last, first, -1),
            Order::Ascending => (first, last, 1),
        };
        let [from, to] = [from, to].map(|bucket| all.arg(int(bucket)));
        let rest = step.rest(all);
        // Where there is no other condition, every entry looked at is taken.
        let looks = if rest.is_empty() {
            number.clone()
        } else {
            all.arg(int(step.looks))
        };
        let looked_at = format!(
            "SELECT e.* FROM generate_series({from}::bigint, {to}::bigint, {by}) AS bucket CROSS JOIN LATERAL \
             (SELECT * FROM entries WHERE (entry >> {BUCKET_BITS}) = bucket AND {driver} AND entry + 0 >= {low} \
             AND entry + 0 < {high} ORDER BY entry + 0 {direction} LIMIT {looks}) AS e LIMIT {looks}"
        );
        if rest.is_empty() {
            format!("SELECT {columns}, true AS fits, false AS last FROM ({looked_at}) AS e")
        } else {
            let fits = format!("coalesce(true{rest}, false)");
            format!(
                "SELECT {columns}, {fits} AS fits, look = {looks} AS last FROM (SELECT *, row_number() OVER () AS look FROM ({looked_at}) AS e) AS e \
                 WHERE {fits} OR look = {looks} LIMIT {number}"
            )
        }
    } else {
        let rest = step.rest(all);
        format!(
            "SELECT {columns}, true AS fits, false AS last FROM entries WHERE entry >= {low} AND entry < {high}{rest} \
             ORDER BY entry {direction} LIMIT {number}"
        )
    };
    let Some(bytes) = step.room.bytes else {
        return taken;
    };
    // Lengths are known without reading what is long.
    let bytes = all.arg(int(bytes));
    format!(
        "SELECT {columns}, fits, last, number FROM (SELECT {columns}, fits, last, count(*) OVER () AS number, \
         sum({size}) OVER (ORDER BY entry {direction} ROWS UNBOUNDED PRECEDING) - ({size}) AS ahead FROM ({taken}) AS e) AS e \
         WHERE ahead < {bytes} ORDER BY entry {direction}",
        size = StoredEntry::BYTES,
    )
}

impl PgConn {
    pub(crate) async fn walk(&mut self, step: &Step<'_>) -> Result<Stepped, Error> {
        const FITS: usize = StoredEntry::COLUMNS;
        let mut all = Where::default();
        let sql = sql(step, &mut all);
        let rows = self.all(&sql, all.args()).await?;
        let mut stepped = step.nothing();
        if let (Some(_), Some(row)) = (step.room.bytes, rows.first()) {
            stepped.cut = usize::try_from(row.unsigned(FITS + 2)?).is_ok_and(|number| number > rows.len());
        }
        for row in &rows {
            if row.flag(FITS + 1)? {
                stepped.left = step.beyond(row.unsigned(0)?);
            }
            if row.flag(FITS)? {
                stepped.entries.push(StoredEntry::seen(row)?);
            }
        }
        Ok(stepped)
    }
}
