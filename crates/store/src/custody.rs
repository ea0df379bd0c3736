//! Questions to custody and approvals: lists, statements, balances as of a moment, supply, statistics.
//!
//! Movements are found by the buckets' indexes of the entries that wrote them (`docs/decisions/0004-bucketed-indexes.md`):
//! an operation that carries a movement never changes again, so its entry is the movement's.

use std::fmt::Write as _;

use domain::approval::{Approval, ApprovalStatus, Vote};
use domain::custody::destination::Destination;
use domain::custody::kyc::{KycDocument, KycRecord, KycStatus};
use domain::custody::{Amount, Asset, Balance, House, Operation, OperationKind, OperationStatus};
use domain::record::{Field, Kind, Record, Sealed, Val};
use evidence::time::Timestamp;
use uuid::Uuid;

use crate::conn::{Conn, Lock};
use crate::error::Error;
use crate::head::int;
use crate::identity::Conditions;
use crate::query::{BUCKET_BITS, Order, WINDOWS, index_at};
use crate::row::Row;
use crate::sealed;

/// The row of this id.
pub async fn one<T: Record>(conn: &mut Conn, id: Uuid) -> Result<Option<Sealed<T>>, Error> {
    let rows = sealed::by_key::<T>(conn, "id", Kind::Uuid, &[id.into()], Lock::None).await?;
    Ok(rows.into_iter().next())
}

/// The asset of this code, in any case.
pub async fn asset_of_code(conn: &mut Conn, code: &str) -> Result<Option<Sealed<Asset>>, Error> {
    if code.contains('\0') {
        return Ok(None);
    }
    let key = [code.to_ascii_lowercase().into()];
    let rows = sealed::by_key::<Asset>(conn, "lower(code)", Kind::Text, &key, Lock::None).await?;
    Ok(rows.into_iter().next())
}

/// A page of assets, oldest first, after the one of id `after`.
pub async fn assets(conn: &mut Conn, after: Option<Uuid>, limit: u32) -> Result<Vec<Sealed<Asset>>, Error> {
    Conditions::default().page(conn, after, limit).await
}

/// Balances that fulfil every condition given.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BalanceFilter {
    /// The asset.
    pub asset: Option<Uuid>,
    /// Whose.
    pub user: Option<Uuid>,
    /// House accounts only, or users' only.
    pub house: Option<bool>,
}

/// A page of balances in the order of their ids, after the one of id `after`.
pub async fn balances(
    conn: &mut Conn,
    filter: &BalanceFilter,
    after: Option<Uuid>,
    limit: u32,
) -> Result<Vec<Sealed<Balance>>, Error> {
    let mut conditions = Conditions::default();
    if let Some(asset) = filter.asset {
        conditions.add("asset_id = ?", asset);
    }
    if let Some(user) = filter.user {
        conditions.add("user_id = ?", user);
    }
    if let Some(house) = filter.house {
        conditions.add("(house IS NOT NULL) = ?", house);
    }
    conditions.page(conn, after, limit).await
}

/// Operations that fulfil every condition given.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OperationFilter {
    /// What sort.
    pub kind: Option<OperationKind>,
    /// Where it stands, as it is stored.
    pub status: Option<OperationStatus>,
    /// The asset.
    pub asset: Option<Uuid>,
    /// Debit or credit is one of these.
    pub balances: Option<Vec<Uuid>>,
    /// The hash of its transaction.
    pub tx_hash: Option<String>,
    /// The pending transfer that it captures.
    pub parent: Option<Uuid>,
    /// Only those that carry a movement.
    pub moved: bool,
}

/// A place in a list of operations: the entry that last wrote one, and its id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct OperationPlace {
    /// Index of the entry.
    pub entry: u64,
    /// The operation's id.
    pub id: Uuid,
}

/// A condition with its parameters, and `?` for each.
#[derive(Clone, Default)]
struct Where {
    text: Vec<String>,
    args: Vec<Val>,
}

impl Where {
    fn add(&mut self, condition: &str, values: impl IntoIterator<Item = Val>) {
        let mut text = String::new();
        let mut values = values.into_iter();
        for c in condition.chars() {
            match (c, c == '?') {
                (_, true) => {
                    self.args.extend(values.next());
                    text.push('$');
                    text.push_str(&self.args.len().to_string());
                }
                (c, false) => text.push(c),
            }
        }
        self.text.push(text);
    }

    fn of(filter: &OperationFilter) -> Where {
        let mut conditions = Where::default();
        if let Some(kind) = filter.kind {
            conditions.add("kind = ?", [kind.to_val()]);
        }
        match filter.status {
            // Said once more in words that the partial index is made for.
            Some(status) if !status.is_final() => conditions.add(
                "status IN ('pending', 'processing', 'unknown') AND status = ?",
                [status.to_val()],
            ),
            Some(status) => conditions.add("status = ?", [status.to_val()]),
            None => {}
        }
        if let Some(asset) = filter.asset {
            conditions.add("asset_id = ?", [asset.into()]);
        }
        if let Some(tx_hash) = &filter.tx_hash {
            conditions.add("tx_hash = ?", [tx_hash.as_str().into()]);
        }
        if let Some(parent) = filter.parent {
            conditions.add("parent_id = ?", [parent.into()]);
        }
        if filter.moved {
            conditions.add("debit_posted IS NOT NULL", []);
        }
        conditions
    }

    async fn fetch(
        mut self,
        conn: &mut Conn,
        order: Order,
        limit: u32,
    ) -> Result<Vec<Sealed<Operation>>, Error> {
        let mut sql = sealed::select(Operation::TABLE);
        if !self.text.is_empty() {
            sql.push_str(" WHERE ");
            sql.push_str(&self.text.join(" AND "));
        }
        let way = if order == Order::Descending { "DESC" } else { "ASC" };
        self.args.push(Val::Int(limit.into()));
        let _ = write!(sql, " ORDER BY entry {way}, id {way} LIMIT ${}", self.args.len());
        let rows = conn.all(&sql, &self.args).await?;
        rows.into_iter()
            .map(|row| sealed::decode(sealed::read(Operation::TABLE, row)?))
            .collect()
    }
}

/// A page of operations in the order in which they were last changed, beyond `after`, among entries below `size`.
pub async fn operations(
    conn: &mut Conn,
    filter: &OperationFilter,
    order: Order,
    after: Option<OperationPlace>,
    limit: u32,
    size: u64,
) -> Result<Vec<Sealed<Operation>>, Error> {
    let impossible = filter.tx_hash.as_ref().is_some_and(|text| text.contains('\0'));
    if impossible || filter.balances.as_ref().is_some_and(Vec::is_empty) {
        return Ok(Vec::new());
    }
    let mut conditions = Where::of(filter);
    if let Some(after) = after {
        let beyond = match order {
            Order::Descending => "(entry, id) < (?, ?)",
            Order::Ascending => "(entry, id) > (?, ?)",
        };
        conditions.add(beyond, [int(after.entry).into(), after.id.into()]);
    }
    let few = filter.tx_hash.is_some()
        || filter.parent.is_some()
        || filter.status.is_some_and(|status| !status.is_final());
    if few && filter.balances.is_none() {
        conditions.add("entry < ?", [int(size).into()]);
        return conditions.fetch(conn, order, limit).await;
    }
    let (low, high) = match (order, after) {
        (Order::Descending, Some(after)) => (0, size.min(after.entry + 1)),
        (Order::Ascending, Some(after)) => (after.entry, size),
        (_, None) => (0, size),
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
            buckets(&mut conditions, from, to, width);
            if let (Some(side), Some(balances)) = (side, &filter.balances) {
                let marks = vec!["?"; balances.len()].join(", ");
                let ids = balances.iter().map(|id| Val::Uuid(*id));
                conditions.add(&format!("{side} IN ({marks})"), ids);
            }
            window.append(&mut conditions.fetch(conn, order, limit).await?);
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

/// Restricts to entries in `from..to`, through the buckets; only a few widths occur, so that few texts are prepared.
fn buckets(conditions: &mut Where, from: u64, to: u64, width: u64) {
    let (first, last) = (from >> BUCKET_BITS, (to - 1) >> BUCKET_BITS);
    let marks = vec!["?"; usize::try_from(width).unwrap_or(1)].join(", ");
    let numbers = (0..width).map(|offset| Val::Int(int((first + offset).min(last))));
    conditions.add(&format!("entry >> {BUCKET_BITS} IN ({marks})"), numbers);
    conditions.add("entry >= ? AND entry < ?", [int(from).into(), int(to).into()]);
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
    let found = operations(conn, &filter, Order::Descending, None, 1, size).await?;
    Ok(found.into_iter().next())
}

/// What pending operations of a balance hold past their time: free again, though that is not written yet.
pub async fn due_holds(conn: &mut Conn, balance: Uuid, now: Timestamp) -> Result<Vec<Amount>, Error> {
    let sql = "SELECT held FROM operations WHERE status = 'pending' AND expires_at <= $2 AND debit_id = $1";
    let rows = conn.all(sql, &[balance.into(), now.into()]).await?;
    rows.into_iter().map(|row| amount(row, 0)).collect()
}

fn amount(mut row: Row, position: usize) -> Result<Amount, Error> {
    let value = sealed::typed(row.0.swap_remove(position), Kind::Amount);
    value
        .and_then(Amount::of_val)
        .map_err(|reason| Error::data(format!("a stored amount: {reason}")))
}

/// What of an asset is posted and held on one balance, for sums over all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Holding {
    /// The balance.
    pub id: Uuid,
    /// Which house account it is; none for a user's.
    pub house: Option<House>,
    /// Posted.
    pub posted: Amount,
    /// Held.
    pub held: Amount,
}

/// A page of what is posted and held of an asset, in the order of the balances' ids.
pub async fn holdings(
    conn: &mut Conn,
    asset: Uuid,
    after: Option<Uuid>,
    limit: u32,
) -> Result<Vec<Holding>, Error> {
    let sql =
        "SELECT id, house, posted, held FROM balances WHERE asset_id = $1 AND id > $2 ORDER BY id LIMIT $3";
    let args = [
        asset.into(),
        after.unwrap_or(Uuid::nil()).into(),
        Val::Int(limit.into()),
    ];
    let rows = conn.all(sql, &args).await?;
    rows.into_iter().map(holding).collect()
}

/// The same of all assets.
pub async fn all_holdings(conn: &mut Conn, after: Option<Uuid>, limit: u32) -> Result<Vec<Holding>, Error> {
    let sql = "SELECT id, house, posted, held FROM balances WHERE id > $1 ORDER BY id LIMIT $2";
    let args = [after.unwrap_or(Uuid::nil()).into(), Val::Int(limit.into())];
    let rows = conn.all(sql, &args).await?;
    rows.into_iter().map(holding).collect()
}

fn holding(row: Row) -> Result<Holding, Error> {
    let house = row
        .optional_text(1)?
        .map(|word| House::parse(word).ok_or_else(|| Error::data(format!("balances.house is {word:?}"))));
    Ok(Holding {
        id: row.uuid(0)?,
        house: house.transpose()?,
        held: amount(row.clone(), 3)?,
        posted: amount(row, 2)?,
    })
}

/// What statistics need of an operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OperationFigure {
    /// Its id.
    pub id: Uuid,
    /// What sort.
    pub kind: OperationKind,
    /// Where it stands, as it is stored.
    pub status: OperationStatus,
    /// The asset.
    pub asset: Uuid,
    /// How much.
    pub amount: Amount,
    /// When it was made.
    pub created_at: Timestamp,
}

/// A page of figures of the operations made in `from..to`, in the order of their ids.
pub async fn figures(
    conn: &mut Conn,
    asset: Option<Uuid>,
    (from, to): (Option<Timestamp>, Option<Timestamp>),
    after: Option<Uuid>,
    limit: u32,
) -> Result<Vec<OperationFigure>, Error> {
    let mut conditions = Where::default();
    if let Some(asset) = asset {
        conditions.add("asset_id = ?", [asset.into()]);
    }
    if let Some(from) = from {
        conditions.add("created_at >= ?", [from.into()]);
    }
    if let Some(to) = to {
        conditions.add("created_at < ?", [to.into()]);
    }
    conditions.add("id > ?", [after.unwrap_or(Uuid::nil()).into()]);
    conditions.args.push(Val::Int(limit.into()));
    let sql = format!(
        "SELECT id, kind, status, asset_id, created_at, amount FROM operations WHERE {} ORDER BY id LIMIT ${}",
        conditions.text.join(" AND "),
        conditions.args.len()
    );
    let rows = conn.all(&sql, &conditions.args).await?;
    rows.into_iter().map(figure).collect()
}

fn figure(row: Row) -> Result<OperationFigure, Error> {
    let wrong = |column: &str| Error::data(format!("operations.{column} is not a word that is known"));
    Ok(OperationFigure {
        id: row.uuid(0)?,
        kind: OperationKind::parse(row.text(1)?).ok_or_else(|| wrong("kind"))?,
        status: OperationStatus::parse(row.text(2)?).ok_or_else(|| wrong("status"))?,
        asset: row.uuid(3)?,
        created_at: row.time(4)?,
        amount: amount(row, 5)?,
    })
}

/// Pending operations past their time, with their debit balances, the longest due first.
pub async fn due_operations(conn: &mut Conn, now: Timestamp, limit: u32) -> Result<Vec<(Uuid, Uuid)>, Error> {
    let sql = "SELECT id, debit_id FROM operations WHERE status = 'pending' AND expires_at IS NOT NULL \
               AND expires_at <= $1 ORDER BY expires_at, id LIMIT $2";
    let rows = conn.all(sql, &[now.into(), Val::Int(limit.into())]).await?;
    rows.iter().map(|row| Ok((row.uuid(0)?, row.uuid(1)?))).collect()
}

/// KYC records that are approved and past their time.
pub async fn due_kyc(conn: &mut Conn, now: Timestamp, limit: u32) -> Result<Vec<Uuid>, Error> {
    let sql = "SELECT id FROM kyc_records WHERE status = 'approved' AND expires_at <= $1 ORDER BY expires_at, id LIMIT $2";
    let rows = conn.all(sql, &[now.into(), Val::Int(limit.into())]).await?;
    rows.iter().map(|row| row.uuid(0)).collect()
}

/// Approvals that are open and past their time.
pub async fn due_approvals(conn: &mut Conn, now: Timestamp, limit: u32) -> Result<Vec<Uuid>, Error> {
    let sql = "SELECT id FROM approvals WHERE status IN ('pending', 'granted') AND expires_at <= $1 \
               ORDER BY expires_at, id LIMIT $2";
    let rows = conn.all(sql, &[now.into(), Val::Int(limit.into())]).await?;
    rows.iter().map(|row| row.uuid(0)).collect()
}

/// A page of KYC records, oldest first, after the one of id `after`.
pub async fn kyc_records(
    conn: &mut Conn,
    user: Option<Uuid>,
    status: Option<KycStatus>,
    after: Option<Uuid>,
    limit: u32,
) -> Result<Vec<Sealed<KycRecord>>, Error> {
    let mut conditions = Conditions::default();
    if let Some(user) = user {
        conditions.add("user_id = ?", user);
    }
    if let Some(status) = status {
        conditions.add("status = ?", status.as_str());
    }
    conditions.page(conn, after, limit).await
}

/// The documents of KYC records, oldest first.
pub async fn documents(conn: &mut Conn, records: &[Uuid]) -> Result<Vec<Sealed<KycDocument>>, Error> {
    let keys: Vec<Val> = records.iter().map(|id| Val::Uuid(*id)).collect();
    let mut found = sealed::by_key::<KycDocument>(conn, "record_id", Kind::Uuid, &keys, Lock::None).await?;
    found.sort_unstable_by_key(|document| (document.row.added_at, document.row.id));
    Ok(found)
}

/// A page of destinations, oldest first, after the one of id `after`; removed ones too where asked for.
pub async fn destinations(
    conn: &mut Conn,
    user: Option<Uuid>,
    removed: bool,
    after: Option<Uuid>,
    limit: u32,
) -> Result<Vec<Sealed<Destination>>, Error> {
    let mut conditions = Conditions::default();
    if let Some(user) = user {
        conditions.add("user_id = ?", user);
    }
    if !removed {
        conditions.add("(removed_at IS NULL) = ?", true);
    }
    conditions.page(conn, after, limit).await
}

/// A page of approvals, oldest first, after the one of id `after`; by status as it is stored, and by who asked.
pub async fn approvals(
    conn: &mut Conn,
    status: Option<ApprovalStatus>,
    requested_by: Option<Uuid>,
    after: Option<Uuid>,
    limit: u32,
) -> Result<Vec<Sealed<Approval>>, Error> {
    let mut conditions = Conditions::default();
    if let Some(status) = status {
        conditions.add("status = ?", status.as_str());
    }
    if let Some(user) = requested_by {
        conditions.add("requested_by = ?", user);
    }
    conditions.page(conn, after, limit).await
}

/// The votes on approvals, oldest first.
pub async fn votes(conn: &mut Conn, approvals: &[Uuid]) -> Result<Vec<Sealed<Vote>>, Error> {
    let keys: Vec<Val> = approvals.iter().map(|id| Val::Uuid(*id)).collect();
    let mut found = sealed::by_key::<Vote>(conn, "approval_id", Kind::Uuid, &keys, Lock::None).await?;
    found.sort_unstable_by_key(|vote| (vote.row.voted_at, vote.row.id));
    Ok(found)
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
    buckets(&mut conditions, from, from + MOVEMENTS_WINDOW, WINDOWS[0]);
    let sql = format!(
        "SELECT entry, id, debit_id, credit_id, amount, debit_posted, credit_posted FROM operations \
         WHERE {} AND debit_posted IS NOT NULL ORDER BY entry, id",
        conditions.text.join(" AND ")
    );
    let rows = conn.all(&sql, &conditions.args).await?;
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

/// What each open operation holds of its debit balance, a page in the order of ids.
pub async fn open_holds(
    conn: &mut Conn,
    after: Option<Uuid>,
    limit: u32,
) -> Result<Vec<(Uuid, Uuid, Amount)>, Error> {
    let sql = "SELECT id, debit_id, held FROM operations WHERE status IN ('pending', 'processing', 'unknown') \
               AND id > $1 ORDER BY id LIMIT $2";
    let args = [after.unwrap_or(Uuid::nil()).into(), Val::Int(limit.into())];
    let rows = conn.all(sql, &args).await?;
    rows.into_iter()
        .map(|row| Ok((row.uuid(0)?, row.uuid(1)?, amount(row, 2)?)))
        .collect()
}
