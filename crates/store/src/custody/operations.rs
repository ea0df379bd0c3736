//! Lists of operations, and movements in their order.

use domain::custody::chain::{OutputKey, hash_key, spellings};
use domain::custody::{Amount, Operation, OperationKind, OperationStatus};
use domain::record::{Field, Kind, Sealed, Val};
use evidence::time::Timestamp;
use uuid::Uuid;

use crate::conditions::{BUCKET_BITS, Where};
use crate::conn::{Conn, Lock};
use crate::error::Error;
use crate::facts::spelt;
use crate::head::int;
use crate::query::{Order, WINDOWS, index_at};
use crate::sealed::amount;

/// Operations that fulfil every condition given.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OperationFilter {
    /// What sort.
    pub kind: Option<OperationKind>,
    /// Where it stands by the clock.
    pub status: Option<OperationStatus>,
    /// The asset.
    pub asset: Option<Uuid>,
    /// Debit or credit is one of these.
    pub balances: Option<Vec<Uuid>>,
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
}

/// A place in a list of operations: the entry that last wrote one, and its id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct OperationPlace {
    /// Index of the entry.
    pub entry: u64,
    /// The operation's id.
    pub id: Uuid,
}

impl Where {
    fn of(filter: &OperationFilter, now: Timestamp) -> Where {
        let mut conditions = Where::default();
        conditions.given("kind = ?", filter.kind.map(OperationKind::as_str));
        conditions.given("asset_id = ?", filter.asset);
        conditions.given("parent_id = ?", filter.parent);
        conditions.given("reverses_id = ?", filter.reverses);
        conditions.given("reference = ?", filter.reference.as_deref());
        conditions.given("created_at >= ?", filter.made.0);
        conditions.given("created_at < ?", filter.made.1);
        if let Some(status) = filter.status {
            conditions.status(status, now);
        }
        if let Some(tx_hash) = &filter.tx_hash {
            conditions.hash(tx_hash);
        }
        match filter.reversed {
            Some(true) => conditions.write(REVERSED, []),
            Some(false) => conditions.write(&format!("NOT ({REVERSED})"), []),
            None => {}
        }
        if filter.moved {
            conditions.write("debit_posted IS NOT NULL", []);
        }
        if filter.since > 0 {
            conditions.write("entry >= ?", [int(filter.since).into()]);
        }
        conditions
    }

    /// Where it stands by the clock: a pending one past its time is what its time makes of it, written down or not.
    fn status(&mut self, status: OperationStatus, now: Timestamp) {
        let (stored, now) = (status.to_val(), Val::Time(now));
        let nothing = Val::Amount(Amount::ZERO);
        match status {
            // Said once more in words that the partial index is made for.
            OperationStatus::Pending => self.write(
                "status IN ('pending', 'processing', 'unknown') AND status = ? AND (expires_at IS NULL OR expires_at > ?)",
                [stored, now],
            ),
            OperationStatus::Processing | OperationStatus::Unknown => {
                self.write("status IN ('pending', 'processing', 'unknown') AND status = ?", [stored]);
            }
            OperationStatus::Cancelled => self.write(
                "(status = ? OR status = 'pending' AND expires_at <= ? AND (captured IS NULL OR captured = ?))",
                [stored, now, nothing],
            ),
            OperationStatus::Completed => self.write(
                "(status = ? OR status = 'pending' AND expires_at <= ? AND captured <> ?)",
                [stored, now, nothing],
            ),
            OperationStatus::Failed => self.write("status = ?", [stored]),
        }
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

/// The operations that fulfil all of it, in the order in which they were last changed.
async fn fetch(
    conditions: Where,
    conn: &mut Conn,
    order: Order,
    limit: u32,
) -> Result<Vec<Sealed<Operation>>, Error> {
    let order = match order {
        Order::Descending => "entry DESC, id DESC",
        Order::Ascending => "entry, id",
    };
    conditions.rows(conn, order, limit).await
}

/// Those that were reversed.
const REVERSED: &str = "id IN (SELECT reverses_id FROM operations WHERE reverses_id IS NOT NULL)";

/// A page of operations in the order in which they were last changed, beyond `after`, among entries below `size`, as the
/// clock has them at `now`.
pub async fn operations(
    conn: &mut Conn,
    (filter, now): (&OperationFilter, Timestamp),
    order: Order,
    after: Option<OperationPlace>,
    limit: u32,
    size: u64,
) -> Result<Vec<Sealed<Operation>>, Error> {
    if filter.balances.as_ref().is_some_and(Vec::is_empty) {
        return Ok(Vec::new());
    }
    let mut conditions = Where::of(filter, now);
    if let Some(after) = after {
        let beyond = match order {
            Order::Descending => "(entry, id) < (?, ?)",
            Order::Ascending => "(entry, id) > (?, ?)",
        };
        conditions.write(beyond, [int(after.entry).into(), after.id.into()]);
    }
    // Indexed by itself, in the order of the list: no bucket is needed to find it.
    let few = filter.tx_hash.is_some()
        || filter.parent.is_some()
        || filter.reverses.is_some()
        || filter.reference.is_some()
        || filter.reversed == Some(true)
        || filter.status.is_some_and(|status| !status.is_final());
    if few && filter.balances.is_none() {
        conditions.write("entry < ?", [int(size).into()]);
        return fetch(conditions, conn, order, limit).await;
    }
    // What was made at a time was last written then or later.
    let since = match filter.made.0 {
        Some(from) => filter.since.max(index_at(conn, from, size).await?),
        None => filter.since,
    };
    let (low, high) = match (order, after) {
        (Order::Descending, Some(after)) => (since, size.min(after.entry + 1)),
        (Order::Ascending, Some(after)) => (after.entry.max(since), size),
        (_, None) => (since, size),
    };
    windows(conn, filter, &conditions, order, limit, (low, high)).await
}

/// The same through the buckets, window by window, until the page is full.
async fn windows(
    conn: &mut Conn,
    filter: &OperationFilter,
    conditions: &Where,
    order: Order,
    limit: u32,
    (mut low, mut high): (u64, u64),
) -> Result<Vec<Sealed<Operation>>, Error> {
    let mut found: Vec<Sealed<Operation>> = Vec::new();
    let mut widths = WINDOWS.into_iter();
    let mut width = WINDOWS[0];
    while low < high && found.len() < limit as usize {
        width = widths.next().unwrap_or(width);
        let (from, to) = match order {
            Order::Descending => {
                let last = (high - 1) >> BUCKET_BITS;
                (low.max((last + 1).saturating_sub(width) << BUCKET_BITS), high)
            }
            Order::Ascending => (low, high.min(((low >> BUCKET_BITS) + width) << BUCKET_BITS)),
        };
        let mut window = Vec::new();
        let sides: &[Option<&str>] = match &filter.balances {
            Some(_) => &[Some("debit_id"), Some("credit_id")],
            None => &[None],
        };
        for side in sides {
            let mut conditions = conditions.clone();
            conditions.entries(&(from..to), Some(width));
            if let (Some(side), Some(balances)) = (side, &filter.balances) {
                conditions.one_of(side, balances.iter().map(|id| Val::Uuid(*id)));
            }
            window.append(&mut fetch(conditions, conn, order, limit).await?);
        }
        window.sort_unstable_by_key(|sealed| (sealed.entry, sealed.row.id));
        window.dedup_by_key(|sealed| sealed.row.id);
        if order == Order::Descending {
            window.reverse();
        }
        found.append(&mut window);
        match order {
            Order::Descending => high = from,
            Order::Ascending => low = to,
        }
    }
    found.truncate(limit as usize);
    Ok(found)
}

/// The last movement of a balance before a moment, in a log of `size` entries.
pub async fn last_movement(
    conn: &mut Conn,
    balance: Uuid,
    before: Option<Timestamp>,
    size: u64,
) -> Result<Option<Sealed<Operation>>, Error> {
    let size = match before {
        Some(time) => index_at(conn, time, size).await?,
        None => size,
    };
    let filter = OperationFilter {
        balances: Some(vec![balance]),
        moved: true,
        ..OperationFilter::default()
    };
    // What moved is final: no clock has a say in it.
    let filter = (&filter, Timestamp::EPOCH);
    let found = operations(conn, filter, Order::Descending, None, 1, size).await?;
    Ok(found.into_iter().next())
}

/// A movement, for following balances from one to the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Movement {
    /// The entry that wrote it.
    pub entry: u64,
    /// The operation.
    pub id: Uuid,
    /// What was debited.
    pub debit: Uuid,
    /// What was credited.
    pub credit: Uuid,
    /// How much.
    pub amount: Amount,
    /// Posted of both sides after it.
    pub posted: (Amount, Amount),
}

/// How many entries [`movements`] looks at in one go.
pub const MOVEMENTS_WINDOW: u64 = WINDOWS[0] << BUCKET_BITS;

/// Movements of the entries in the window that begins at `from`, a multiple of [`MOVEMENTS_WINDOW`], in their order.
pub async fn movements(conn: &mut Conn, from: u64) -> Result<Vec<Movement>, Error> {
    let mut conditions = Where::default();
    conditions.entries(&(from..from + MOVEMENTS_WINDOW), Some(WINDOWS[0]));
    let sql = format!(
        "SELECT entry, id, debit_id, credit_id, amount, debit_posted, credit_posted FROM operations{} \
         AND debit_posted IS NOT NULL ORDER BY entry, id",
        conditions.clause()
    );
    let rows = conn.all(&sql, conditions.args()).await?;
    rows.into_iter()
        .map(|row| {
            Ok(Movement {
                entry: row.unsigned(0)?,
                id: row.uuid(1)?,
                debit: row.uuid(2)?,
                credit: row.uuid(3)?,
                amount: amount(row.clone(), 4)?,
                posted: (amount(row.clone(), 5)?, amount(row, 6)?),
            })
        })
        .collect()
}

/// The reversals of operations: what was reversed, and by which.
pub async fn reversals(conn: &mut Conn, operations: &[Uuid]) -> Result<Vec<(Uuid, Uuid)>, Error> {
    let keys: Vec<Val> = operations.iter().map(|id| Val::Uuid(*id)).collect();
    let sql = "SELECT reverses_id, id FROM operations WHERE reverses_id";
    let rows = conn.keyed(sql, Kind::Uuid, &keys, Lock::None).await?;
    rows.iter().map(|row| Ok((row.uuid(0)?, row.uuid(1)?))).collect()
}

/// Operations whose first transaction's output is another's too, as it was possible while an output was known by the
/// spelling of its hash: each with what it names. What failed, was cancelled or was reversed is left out.
pub async fn twins(conn: &mut Conn) -> Result<Vec<(OutputKey, Uuid)>, Error> {
    const IN_FORCE: &str = "tx_hash IS NOT NULL AND status NOT IN ('failed', 'cancelled') \
                            AND id NOT IN (SELECT reverses_id FROM operations WHERE reverses_id IS NOT NULL)";
    const ALIKE: &str = "replace(lower(replace(tx_hash, ' ', '')), '0x', ''), coalesce(output, -1)";
    let sql = format!(
        "SELECT id, chain, tx_hash, output FROM operations WHERE {IN_FORCE} AND ({ALIKE}) IN \
         (SELECT {ALIKE} FROM operations WHERE {IN_FORCE} GROUP BY {ALIKE} HAVING count(*) > 1) ORDER BY id"
    );
    let mut found = Vec::new();
    for row in conn.all(&sql, &[]).await? {
        let output = match row.0.get(3) {
            None | Some(Val::Null) => None,
            Some(_) => Some(row.unsigned(3)?),
        };
        let chain = row.optional_text(1)?.unwrap_or_default();
        found.push((OutputKey::of(chain, row.text(2)?, output), row.uuid(0)?));
    }
    found.sort_unstable();
    let alone = |at: usize, found: &[(OutputKey, Uuid)]| {
        let same = |other: Option<&(OutputKey, Uuid)>| other.is_some_and(|other| other.0 == found[at].0);
        !same(at.checked_sub(1).and_then(|before| found.get(before))) && !same(found.get(at + 1))
    };
    let twins = (0..found.len()).filter(|at| !alone(*at, &found));
    Ok(twins.map(|at| found[at].clone()).collect())
}
