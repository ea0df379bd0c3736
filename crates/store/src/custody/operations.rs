//! Lists of operations, each along an index in its own order.

use std::ops::Range;

use domain::custody::chain::{hash_key, spellings};
use domain::custody::{Amount, Operation, OperationKind, OperationStatus};
use domain::record::{Field, Record, Sealed, Val};
use evidence::time::Timestamp;
use uuid::Uuid;

use crate::buckets::{BUCKET_BITS, Buckets};
use crate::conditions::Where;
use crate::conn::Conn;
use crate::error::Error;
use crate::facts::spelt;
use crate::head::int;
use crate::query::{Order, index_at};
use crate::row::Row;
use crate::sealed::{self, column_names};

/// Operations that fulfil every condition given.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct OperationFilter {
    /// What sort.
    pub kind: Option<OperationKind>,
    /// Where it stands by the clock.
    pub status: Option<OperationStatus>,
    /// The asset.
    pub asset: Option<Uuid>,
    /// Of at least so much of it.
    pub amount_min: Option<Amount>,
    /// Debit or credit is one of these, of each of them.
    pub balances: Vec<Vec<Uuid>>,
    /// The hash of one of its transactions, in any spelling.
    pub tx_hash: Option<String>,
    /// Whether it was reversed.
    pub reversed: Option<bool>,
    /// The pending transfer that it captures.
    pub parent: Option<Uuid>,
    /// The operation that it reverses.
    pub reverses: Option<Uuid>,
    /// The caller's own words for it.
    pub reference: Option<String>,
    /// Made at this time or later, and before that one.
    pub made: (Option<Timestamp>, Option<Timestamp>),
    /// Only those that carry a movement.
    pub moved: bool,
    /// Only those last written by this entry or a later one.
    pub since: u64,
    /// Not these: somebody changed them by hand, and they do not read.
    pub except: Vec<Uuid>,
}

/// A place in a list of operations: the entry that last wrote one, and its id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct OperationPlace {
    /// Index of the entry.
    pub entry: u64,
    /// The operation's id.
    pub id: Uuid,
}

/// What leads to the operations of a list: the index that it follows. What else is asked for is checked on the way,
/// and written so that no other index offers itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lead {
    /// A column that is indexed by itself, and finds few.
    Few,
    /// The two sides, bucket by bucket.
    Balances,
    /// Another status than completed.
    Status,
    /// The kind.
    Kind,
    /// The asset.
    Asset,
    /// Nothing: all of them, in their order.
    Entry,
}

impl OperationFilter {
    /// Which of the balances lead, where several are asked for: the fewest.
    fn leading(&self) -> Option<usize> {
        (0..self.balances.len()).min_by_key(|number| self.balances[*number].len())
    }
}

impl Lead {
    pub(super) fn of(filter: &OperationFilter) -> Lead {
        let few = filter.tx_hash.is_some()
            || filter.parent.is_some()
            || filter.reverses.is_some()
            || filter.reference.is_some()
            || filter.reversed == Some(true);
        match filter {
            _ if few => Lead::Few,
            _ if !filter.balances.is_empty() => Lead::Balances,
            OperationFilter {
                status: Some(status), ..
            } if *status != OperationStatus::Completed => Lead::Status,
            OperationFilter { kind: Some(_), .. } => Lead::Kind,
            OperationFilter { asset: Some(_), .. } => Lead::Asset,
            _ => Lead::Entry,
        }
    }
}

/// What is looked for, in one walk along an index.
pub(super) struct Walk {
    conditions: Where,
    entries: Range<u64>,
    /// The columns that the buckets' indexes are asked by, with their values; none where the order itself is an index.
    buckets: Vec<(&'static str, Vec<Val>)>,
    /// How the entry is named.
    entry: &'static str,
    /// Whether only movements are looked for.
    moved: bool,
}

impl Where {
    fn of(filter: &OperationFilter, lead: Lead) -> Where {
        let mut conditions = Where::default();
        let kind = match lead {
            Lead::Kind => "kind = ?",
            _ => "kind || '' = ?",
        };
        conditions.given(kind, filter.kind.map(OperationKind::as_str));
        let asset = match lead {
            Lead::Asset => "asset_id = ?",
            _ => "coalesce(asset_id, id) = ?",
        };
        conditions.given(asset, filter.asset);
        if let Some(least) = filter.amount_min {
            conditions.amount_min(least);
        }
        conditions.given("parent_id = ?", filter.parent);
        conditions.given("reverses_id = ?", filter.reverses);
        conditions.given("reference = ?", filter.reference.as_deref());
        conditions.given("created_at >= ?", filter.made.0);
        conditions.given("created_at < ?", filter.made.1);
        if let Some(tx_hash) = &filter.tx_hash {
            conditions.hash(tx_hash);
        }
        match filter.reversed {
            Some(true) => conditions.write(REVERSED, []),
            Some(false) => conditions.write(&format!("NOT ({REVERSED})"), []),
            None => {}
        }
        let leading = filter.leading().filter(|_| lead == Lead::Balances);
        for (number, balances) in filter.balances.iter().enumerate() {
            if leading == Some(number) {
                continue;
            }
            let marks = vec!["?"; balances.len()].join(", ");
            let values = || balances.iter().map(|id| Val::Uuid(*id));
            conditions.write(
                &format!("(coalesce(debit_id, id) IN ({marks}) OR coalesce(credit_id, id) IN ({marks}))"),
                values().chain(values()),
            );
        }
        if filter.moved {
            conditions.write("debit_posted IS NOT NULL", []);
        }
        for id in &filter.except {
            conditions.write("id <> ?", [(*id).into()]);
        }
        conditions
    }

    /// Where it stands by the clock: a pending one past its time is what its time makes of it, written down or not.
    /// Two walks where it may be either.
    fn status(self, status: Option<OperationStatus>, now: Timestamp, lead: Lead) -> Vec<Where> {
        let Some(status) = status else {
            return vec![self];
        };
        let (mut stored, nothing) = (self.clone(), Val::Amount(Amount::ZERO));
        match lead {
            // Said once more in words that the partial index is made for.
            Lead::Status => stored.write("status <> 'completed' AND status = ?", [status.to_val()]),
            _ => stored.write("status || '' = ?", [status.to_val()]),
        }
        let captured = match status {
            OperationStatus::Pending => {
                stored.write("(expires_at IS NULL OR expires_at > ?)", [now.into()]);
                return vec![stored];
            }
            OperationStatus::Cancelled => "(captured IS NULL OR captured = ?)",
            OperationStatus::Completed => "captured <> ?",
            OperationStatus::Processing | OperationStatus::Unknown | OperationStatus::Failed => {
                return vec![stored];
            }
        };
        let mut due = self;
        due.write(
            &format!("status = 'pending' AND expires_at IS NOT NULL AND expires_at <= ? AND {captured}"),
            [now.into(), nothing],
        );
        vec![stored, due]
    }

    /// The amount is at least this one. Nothing is negative and each number has one spelling, so that of two the longer is the
    /// larger, and of two that are as long the one that sorts later: so digits are compared exactly on both engines.
    fn amount_min(&mut self, least: Amount) {
        let digits = least.to_string();
        let length = i64::try_from(digits.len()).unwrap_or(i64::MAX);
        self.write(
            "(length(amount || ''), amount || '') >= (CAST(? AS bigint), ?)",
            [length.into(), digits.as_str().into()],
        );
    }

    /// One of its transactions has this hash, in whatever spelling: the first one, or one beside it.
    fn hash(&mut self, tx_hash: &str) {
        let key = hash_key(tx_hash);
        let spellings = spellings(&key);
        let marks = vec!["?"; spellings.len()].join(", ");
        let of_first = format!("tx_hash IS NOT NULL AND {} IN ({marks})", spelt("tx_hash"));
        let found = format!(
            "id IN (SELECT operation_id FROM chain_outputs WHERE tx_hash = ? UNION SELECT id FROM operations WHERE {of_first})"
        );
        let stored = || spellings.iter().map(|hash| Val::from(hash.as_str()));
        self.write(&found, std::iter::once(key.as_str().into()).chain(stored()));
        // What it claimed may not be what it names now.
        let named = format!("({of_first} OR replace(transactions, ?, '') <> transactions)");
        self.write(&named, stored().chain(std::iter::once(key.as_str().into())));
    }
}

/// Those that were reversed.
const REVERSED: &str = "id IN (SELECT reverses_id FROM operations WHERE reverses_id IS NOT NULL)";

/// The one that reversed an operation.
const REVERSED_BY: &str =
    "(SELECT reversal.id FROM operations reversal WHERE reversal.reverses_id = operations.id) AS reversed_by";

/// How a walk names the entry, so that it is found by the index that the walk is for: the one of all operations has a name
/// of its own for it, and the index by the time of making does not have it.
fn entry_of(lead: Lead, buckets: &[(&'static str, Vec<Val>)]) -> &'static str {
    match (lead, buckets) {
        (_, [("created_at", _)]) => "entry * 1",
        (Lead::Entry, _) => "entry + 0",
        _ => "entry",
    }
}

/// The order of a list, as SQL.
fn order_by(entry: &str, order: Order) -> String {
    match order {
        Order::Descending => format!("{entry} DESC, id DESC"),
        Order::Ascending => format!("{entry}, id"),
    }
}

/// A page of operations in the order in which they were last changed, beyond `after`, among entries below `size`, as the
/// clock has them at `now`; each with the one that reversed it, where not only movements are asked for.
pub async fn operations(
    conn: &mut Conn,
    asked: (&OperationFilter, Timestamp),
    order: Order,
    after: Option<OperationPlace>,
    limit: u32,
    size: u64,
) -> Result<Vec<(Sealed<Operation>, Option<Uuid>)>, Error> {
    let mut columns = column_names(Operation::TABLE);
    let width = columns.len();
    if !asked.0.moved {
        columns.push(REVERSED_BY);
    }
    let columns = columns.join(", ");
    let mut found = Vec::new();
    for walk in walks(conn, asked, order, after, size).await? {
        for row in walk.rows(conn, &columns, order, limit).await? {
            let reversed_by = row.optional_uuid(width)?;
            found.push((sealed::decode(row)?, reversed_by));
        }
    }
    let place = |(sealed, _): &(Sealed<Operation>, Option<Uuid>)| (sealed.entry, sealed.row.id);
    found.sort_unstable_by_key(place);
    found.dedup_by_key(|found| place(found));
    if order == Order::Descending {
        found.reverse();
    }
    found.truncate(limit as usize);
    Ok(found)
}

/// The walks that find what is asked for.
pub(super) async fn walks(
    conn: &mut Conn,
    (filter, now): (&OperationFilter, Timestamp),
    order: Order,
    after: Option<OperationPlace>,
    size: u64,
) -> Result<Vec<Walk>, Error> {
    let lead = Lead::of(filter);
    let conditions = Where::of(filter, lead);
    if filter.balances.iter().any(Vec::is_empty) || conditions.is_impossible() {
        return Ok(Vec::new());
    }
    let mut entries = filter.since..size;
    if let Some(after) = after {
        match order {
            Order::Descending => entries.end = size.min(after.entry + 1),
            Order::Ascending => entries.start = after.entry.max(filter.since),
        }
    }
    // What was made at a time was last written then or later.
    if let (Some(from), true) = (filter.made.0, lead != Lead::Few) {
        entries.start = entries.start.max(index_at(conn, from, size).await?);
    }
    let mut ways = vec![(entries.clone(), Vec::new())];
    if let (Lead::Balances, Some(leading)) = (lead, filter.leading()) {
        let balances = || filter.balances[leading].iter().map(|id| Val::Uuid(*id)).collect();
        ways = vec![(entries, vec![("debit_id", balances()), ("credit_id", balances())])];
    } else if let (Some(to), true) = (filter.made.1, lead != Lead::Few) {
        // What was last written before a time was made before it. What was written later is mostly made later, so the
        // buckets' index finds what was not.
        let middle = index_at(conn, to, size).await?;
        let later = (
            entries.start.max(middle)..entries.end,
            vec![("created_at", vec![to.into()])],
        );
        ways = vec![(entries.start..entries.end.min(middle), Vec::new()), later];
    }
    let mut walks = Vec::new();
    for conditions in conditions.status(filter.status, now, lead) {
        for (entries, buckets) in ways.iter().filter(|(entries, _)| !entries.is_empty()) {
            let (mut conditions, entry) = (conditions.clone(), entry_of(lead, buckets));
            if let Some(after) = after {
                let beyond = match order {
                    Order::Descending => '<',
                    Order::Ascending => '>',
                };
                let place = [int(after.entry).into(), after.id.into()];
                conditions.write(&format!("({entry}, id) {beyond} (?, ?)"), place);
            }
            let range = [int(entries.start).into(), int(entries.end).into()];
            conditions.write(&format!("{entry} >= ? AND {entry} < ?"), range);
            walks.push(Walk {
                conditions,
                entries: entries.clone(),
                buckets: buckets.clone(),
                entry,
                moved: filter.moved,
            });
        }
    }
    Ok(walks)
}

impl Walk {
    /// At most so many rows of these columns, in order.
    pub(super) async fn rows(
        mut self,
        conn: &mut Conn,
        columns: &str,
        order: Order,
        limit: u32,
    ) -> Result<Vec<Row>, Error> {
        if !self.buckets.is_empty() {
            let buckets = self.span(order);
            let (select, args) = self.select(columns, order, limit);
            return conn.by_bucket(&select, &args, &buckets, limit).await;
        }
        let limit = self.conditions.arg(i64::from(limit));
        let (clause, order) = (self.conditions.clause(), order_by(self.entry, order));
        let sql = format!("SELECT {columns} FROM operations{clause} ORDER BY {order} LIMIT {limit}");
        conn.all(&sql, self.conditions.args()).await
    }

    /// The buckets to go through. They begin where an operation is: what is rare in the log is not searched for along it.
    fn span(&self, order: Order) -> Buckets {
        let Range { start, end } = self.entries.clone();
        let (begin, mut values, last) = match order {
            Order::Descending => (
                "SELECT entry AS place FROM operations WHERE entry + 0 < ? ORDER BY entry + 0 DESC LIMIT 1",
                vec![int(end).into()],
                start,
            ),
            Order::Ascending => (
                "SELECT entry AS place FROM operations WHERE entry + 0 >= ? ORDER BY entry + 0 LIMIT 1",
                vec![int(start).into()],
                end - 1,
            ),
        };
        let mut begin = begin.to_owned();
        if let (Some(("debit_id", balances)), true) =
            (self.buckets.first(), self.moved && order == Order::Descending)
        {
            // Whatever moved a balance wrote it.
            let marks = vec!["?"; balances.len()].join(", ");
            begin = format!(
                "SELECT min(place) FROM (SELECT place FROM ({begin}) newest UNION ALL SELECT max(entry) FROM balances WHERE id IN ({marks})) places"
            );
            values.extend(balances.iter().cloned());
        }
        Buckets {
            begin,
            values,
            last: int(last >> BUCKET_BITS),
            descending: order == Order::Descending,
        }
    }

    /// What is asked in each bucket: each side by itself, in the order of its index, then both together.
    fn select(self, columns: &str, order: Order, limit: u32) -> (String, Vec<Val>) {
        let Walk {
            mut conditions,
            buckets,
            entry,
            ..
        } = self;
        let limit = conditions.arg(i64::from(limit));
        let clause = conditions.clause();
        let order = order_by(entry, order);
        let mut sides: Vec<String> = Vec::new();
        let mut before = String::new();
        for (column, values) in buckets {
            let many = values.len() > 1;
            let compared = match (column, values.len()) {
                ("created_at", _) => format!("created_at < {}", conditions.arg(values[0].clone())),
                (_, 1) => format!("{column} = {}", conditions.arg(values[0].clone())),
                _ => {
                    let marks: Vec<String> = values.into_iter().map(|value| conditions.arg(value)).collect();
                    format!("{column} IN ({})", marks.join(", "))
                }
            };
            sides.push(format!(
                "SELECT {columns} FROM operations{clause} AND (entry >> {BUCKET_BITS}) [bucket] AND {compared}{before}"
            ));
            // Debit and credit are never the same, so one balance is on one side.
            before = if many {
                format!(" AND NOT {compared}")
            } else {
                String::new()
            };
        }
        let select = format!("{} ORDER BY {order} LIMIT {limit}", sides.join(" UNION ALL "));
        (select, conditions.args().to_vec())
    }
}
