//! What a batch was decided on, and how that is proven where the batch is written without a lock from before (PostgreSQL).
//!
//! One statement is the whole transaction: it moves the head where it is still the one, changes rows where each is still
//! the one, and adds the rest. It fails where anything is another, and then nothing is written; what is sent in parts
//! could be written in part.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;

use domain::record::{Kind, Val};
use domain::tables::RowKey;

use crate::error::Error;
use crate::head::{self, Head};
use crate::pg::PgConn;
use crate::pg::pipeline::{Param, Part, Step};
use crate::row::{Row, Stamp};

/// What is known of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Known {
    /// Which transaction wrote it; none where there is no such row.
    pub stamp: Option<Stamp>,
    /// Whether it was read for this batch: then nothing more is asked of it, unless it is changed.
    pub fresh: bool,
}

/// The head and the rows that a batch was decided on.
#[derive(Clone, Copy, Debug)]
pub struct Ground<'a> {
    /// The head.
    pub head: &'a Head,
    /// The rows, and those that are not there.
    pub rows: &'a HashMap<RowKey, Known>,
}

impl Ground<'_> {
    /// The transaction that wrote this row. One that is not known has none: whatever is there is another.
    pub(crate) fn stamp(&self, row: RowKey) -> Option<Stamp> {
        self.rows.get(&row).and_then(|known| known.stamp)
    }
}

/// Several statements as one.
#[derive(Default)]
struct Joined<'a> {
    with: Vec<String>,
    gives: Vec<String>,
    params: Vec<Param<'a>>,
}

/// The text with its parameters counted from `after` on.
fn renumbered(sql: &str, after: usize) -> String {
    let mut pieces = sql.split('$');
    let mut text = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let digits = piece.find(|c: char| !c.is_ascii_digit()).unwrap_or(piece.len());
        let number: usize = piece[..digits].parse().unwrap_or_default();
        let _ = write!(text, "${}{}", number + after, &piece[digits..]);
    }
    text
}

impl<'a> Joined<'a> {
    /// Begins with the head as it is known: nothing else is done before it is locked, and found to be the one. `sql` takes
    /// what is known of it as `$1` to `$6`.
    fn at(ground: &Ground<'_>, sql: &str, more: impl IntoIterator<Item = Val>) -> Joined<'a> {
        let known = ground.head.args().into_iter();
        Joined {
            with: vec![format!("s0 AS ({sql})")],
            gives: vec![
                "1 / (SELECT count(*) FROM s0)".to_owned(),
                "pg_current_xact_id()::xid".to_owned(),
            ],
            params: known.chain(more).map(Param::One).collect(),
        }
    }

    /// Adds a statement.
    fn add(&mut self, part: Part<'a>) {
        let name = format!("s{}", self.with.len());
        let sql = renumbered(&part.sql, self.params.len());
        self.with.push(format!("{name} AS ({sql})"));
        self.params.extend(part.params);
        if let Some(rows) = part.rows {
            self.params.push(Param::One(head::int(rows as u64).into()));
            let number = self.params.len();
            self.gives.push(format!(
                "sqrt((SELECT count(*) FROM {name}) - ${number}::bigint) = 0"
            ));
        }
    }

    /// Asks whether rows that were known from before are still the ones, and those that were not there still are not.
    fn ask(&mut self, ground: &Ground<'_>, which: impl Fn(RowKey) -> bool) {
        let mut tables: BTreeMap<&str, (Vec<Val>, Vec<Option<Stamp>>)> = BTreeMap::new();
        for ((table, id), known) in ground.rows {
            if !known.fresh && which((table, *id)) {
                let (ids, stamps) = tables.entry(table).or_default();
                ids.push((*id).into());
                stamps.push(known.stamp);
            }
        }
        for (table, (ids, stamps)) in tables {
            let number = self.params.len();
            self.params.push(Param::Many(Kind::Uuid, ids));
            self.params.push(Param::Stamps(stamps));
            self.gives.push(format!(
                "sqrt(-(SELECT count(*) FROM unnest(${}::uuid[], ${}::xid[]) AS v (id, was) \
                 LEFT JOIN {table} t ON t.id = v.id WHERE t.xmin IS DISTINCT FROM v.was)) = 0",
                number + 1,
                number + 2
            ));
        }
    }

    fn into_step(self) -> Step<'a> {
        let sql = format!("WITH {} SELECT {}", self.with.join(", "), self.gives.join(", "));
        Step {
            sql: sql.into(),
            params: self.params,
        }
    }
}

/// The number of the transaction, from what the statement gives.
pub(crate) fn stamp(rows: Vec<Vec<Row>>) -> Result<Stamp, Error> {
    let row = rows.into_iter().flatten().next();
    let number = row
        .ok_or_else(|| Error::data("a statement gave no row"))?
        .unsigned(1)?;
    Stamp::try_from(number).map_err(|_| Error::data("a transaction's number has more than 32 bits"))
}

/// The head as it is known.
const THE_HEAD: &str =
    "id = 1 AND origin = $1 AND size = $2 AND root = $3 AND edge = $4 AND at = $5 AND checkpoint = $6";

/// The one statement that writes all this where the ground is still as it was: the head as it will be, and the rest. Rows
/// that it writes are `written`; of the others it asks whether they are still the ones.
pub(crate) fn statement<'a>(
    ground: &Ground<'_>,
    head: &Head,
    parts: Vec<Part<'a>>,
    written: impl Fn(RowKey) -> bool,
) -> Step<'a> {
    let update = format!(
        "UPDATE log_head SET origin = $7, size = $8, root = $9, edge = $10, at = $11, checkpoint = $12 \
         WHERE {THE_HEAD} RETURNING 1"
    );
    let mut joined = Joined::at(ground, &update, head.args());
    for part in parts {
        joined.add(part);
    }
    joined.ask(ground, |row| !written(row));
    joined.into_step()
}

/// Locks the head where it is still the one, and so is every row that was known from before.
pub(crate) async fn lock(pg: &mut PgConn, ground: &Ground<'_>) -> Result<Stamp, Error> {
    let select = format!("SELECT 1 FROM log_head WHERE {THE_HEAD} FOR UPDATE");
    let mut joined = Joined::at(ground, &select, []);
    joined.ask(ground, |_| true);
    stamp(pg.pipeline(&[joined.into_step()]).await?)
}

#[cfg(test)]
mod tests {
    use super::renumbered;

    #[test]
    fn parameters_are_counted_on() {
        assert_eq!(renumbered("$1, $12::text[] = $2", 30), "$31, $42::text[] = $32");
        assert_eq!(renumbered("SELECT 1", 3), "SELECT 1");
    }
}
