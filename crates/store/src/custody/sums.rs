//! Sums that are kept, and what they are sums of; amounts are added in memory, since SQL knows none on SQLite.

use std::collections::HashMap;

use domain::custody::operation::status_at;
use domain::custody::sum::{Sum, SumKey, SumOf, Tally, day_of};
use domain::custody::{Amount, Balance, House, OperationKind, OperationStatus};
use domain::record::{Kind, Record, Sealed, Val};
use evidence::time::Timestamp;
use uuid::Uuid;

use crate::conditions::Where;
use crate::conn::{Conn, Lock};
use crate::error::Error;
use crate::row::Row;
use crate::sealed::{self, amount};

/// Rows read at a time by what goes through all.
const CHUNK: u32 = 5_000;

/// The sums over all days, of one asset or of all; also those over balances.
pub async fn sums_of_all_days(conn: &mut Conn, asset: Option<Uuid>) -> Result<Vec<Sealed<Sum>>, Error> {
    let mut conditions = Where::default();
    conditions.given("asset_id = ?", asset);
    conditions.write("day IS NULL", []);
    sums(conn, &conditions).await
}

/// The sums over operations of each day that begins at a time or later, and before another one.
pub async fn sums_of_days(
    conn: &mut Conn,
    asset: Option<Uuid>,
    (from, to): (Option<Timestamp>, Option<Timestamp>),
) -> Result<Vec<Sealed<Sum>>, Error> {
    let mut conditions = Where::default();
    conditions.given("asset_id = ?", asset);
    conditions.write("day IS NOT NULL", []);
    conditions.given("day >= ?", from);
    conditions.given("day < ?", to);
    sums(conn, &conditions).await
}

async fn sums(conn: &mut Conn, conditions: &Where) -> Result<Vec<Sealed<Sum>>, Error> {
    let sql = format!("{}{}", sealed::select(Sum::TABLE), conditions.clause());
    let rows = conn.all(&sql, conditions.args()).await?;
    rows.into_iter().map(sealed::decode).collect()
}

/// How many sums over operations an asset has, of all days and of single ones.
pub async fn count_of_sums(conn: &mut Conn, asset: Uuid) -> Result<[u64; 2], Error> {
    let sql = "SELECT (SELECT count(*) FROM sums WHERE asset_id = $1 AND day IS NULL AND covers = 'operations'), \
               (SELECT count(*) FROM sums WHERE asset_id = $1 AND day IS NOT NULL)";
    let row = conn.opt(sql, &[asset.into()]).await?;
    row.map_or(Ok([0; 2]), |row| Ok([row.unsigned(0)?, row.unsigned(1)?]))
}

/// How many sums over operations of single days there are, of one asset or of each.
pub async fn counts_of_days(conn: &mut Conn, asset: Option<Uuid>) -> Result<HashMap<Uuid, u64>, Error> {
    let mut conditions = Where::default();
    conditions.given("asset_id = ?", asset);
    conditions.write("day IS NOT NULL", []);
    let clause = conditions.clause();
    let sql = format!("SELECT asset_id, count(*) FROM sums{clause} GROUP BY asset_id");
    let rows = conn.all(&sql, conditions.args()).await?;
    rows.iter()
        .map(|row| Ok((row.uuid(0)?, row.unsigned(1)?)))
        .collect()
}

/// Every sum of an asset.
pub async fn sums_of(conn: &mut Conn, asset: Uuid) -> Result<Vec<Sealed<Sum>>, Error> {
    let mut sums = sums_of_all_days(conn, Some(asset)).await?;
    sums.extend(sums_of_days(conn, Some(asset), (None, None)).await?);
    Ok(sums)
}

/// The sums over an asset's users' balances: posted and held.
pub async fn balance_sums(conn: &mut Conn, asset: Uuid) -> Result<Vec<Sealed<Sum>>, Error> {
    let of = |covers| Val::Uuid(SumKey::of_balances(asset, covers).id());
    let keys = [of(SumOf::Posted), of(SumOf::Held)];
    sealed::by_key(conn, "id", Kind::Uuid, &keys, Lock::None).await
}

/// The house accounts of an asset.
pub async fn house_balances(conn: &mut Conn, asset: Uuid) -> Result<Vec<Sealed<Balance>>, Error> {
    let houses = House::ALL.iter();
    let keys: Vec<Val> = houses
        .map(|house| Val::Uuid(Balance::id_of(asset, domain::custody::Owner::House(*house))))
        .collect();
    sealed::by_key(conn, "id", Kind::Uuid, &keys, Lock::None).await
}

/// How many balances users have, where any.
pub async fn count_of_balances(
    conn: &mut Conn,
    users: impl Iterator<Item = Uuid>,
) -> Result<HashMap<Uuid, u64>, Error> {
    let keys: Vec<Val> = users.map(Val::Uuid).collect();
    let sql = "SELECT user_id, count(*) FROM balances WHERE user_id [key] GROUP BY user_id";
    let rows = conn.keyed(sql, Kind::Uuid, &keys, Lock::None).await?;
    rows.iter()
        .map(|row| Ok((row.uuid(0)?, row.unsigned(1)?)))
        .collect()
}

/// Since when the balances of users are counted: who is younger and has no count has no balance.
pub async fn balances_counted_since(conn: &mut Conn) -> Result<Timestamp, Error> {
    let sql = "SELECT applied_at FROM schema_migrations WHERE name = 'counted_balances'";
    let row = conn.opt(sql, &[]).await?;
    row.map_or(
        Err(Error::data("the migration that counts balances is missing")),
        |row| row.time(0),
    )
}

/// Assets whose sums are not kept yet: they were there before any were.
pub async fn without_sums(conn: &mut Conn) -> Result<Vec<Uuid>, Error> {
    let sql = "SELECT id FROM assets WHERE summed IS NULL ORDER BY id";
    let rows = conn.all(sql, &[]).await?;
    rows.iter().map(|row| row.uuid(0)).collect()
}

/// The ids of all assets.
pub async fn assets(conn: &mut Conn) -> Result<Vec<Uuid>, Error> {
    let rows = conn.all("SELECT id FROM assets", &[]).await?;
    rows.iter().map(|row| row.uuid(0)).collect()
}

/// Counts every operation and every user's balance.
pub async fn recount(conn: &mut Conn) -> Result<Tally, Error> {
    let wrong = |column: &str| Error::data(format!("operations.{column} is not a word that is known"));
    let mut tally = Tally::default();
    let mut after = Uuid::nil();
    loop {
        let sql = "SELECT id, asset_id, kind, status, created_at, amount FROM operations WHERE id > $1 ORDER BY id LIMIT $2";
        let rows = conn.all(sql, &[after.into(), Val::Int(CHUNK.into())]).await?;
        let full = rows.len() >= CHUNK as usize;
        for row in rows {
            after = row.uuid(0)?;
            let kind = OperationKind::parse(row.text(2)?).ok_or_else(|| wrong("kind"))?;
            let status = OperationStatus::parse(row.text(3)?).ok_or_else(|| wrong("status"))?;
            let (asset, made) = (row.uuid(1)?, row.time(4)?);
            tally.operations((asset, kind, status), day_of(made), 1, amount(row, 5)?);
        }
        if !full {
            break;
        }
    }
    recount_balances(conn, &mut tally).await?;
    Ok(tally)
}

/// Counts every user's balance.
pub async fn recount_balances(conn: &mut Conn, tally: &mut Tally) -> Result<(), Error> {
    let mut after = None;
    loop {
        let page = all_holdings(conn, after, CHUNK).await?;
        after = page.last().map(|holding| holding.id);
        for holding in page.iter().filter(|holding| holding.house.is_none()) {
            tally.balances(holding.asset, 1, holding.posted, holding.held);
        }
        if page.len() < CHUNK as usize {
            return Ok(());
        }
    }
}

/// A pending operation past its time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Due {
    /// Its id.
    pub id: Uuid,
    /// When its time was.
    pub expires_at: Timestamp,
    /// What sort.
    pub kind: OperationKind,
    /// What its time makes of it.
    pub ends: OperationStatus,
    /// The asset.
    pub asset: Uuid,
    /// The balance of which it held.
    pub debit: Uuid,
    /// How much it would move.
    pub amount: Amount,
    /// How much it held.
    pub held: Amount,
    /// When it was made.
    pub created_at: Timestamp,
}

/// Every pending operation past its time, of one asset or of all, as far as that is not written down yet.
pub async fn due_operations(conn: &mut Conn, asset: Option<Uuid>, now: Timestamp) -> Result<Vec<Due>, Error> {
    let mut conditions = Where::default();
    conditions.write(
        "status = 'pending' AND expires_at IS NOT NULL AND expires_at <= ?",
        [now.into()],
    );
    conditions.given("coalesce(asset_id, id) = ?", asset);
    let sql = format!(
        "SELECT id, expires_at, kind, asset_id, debit_id, created_at, amount, held, captured FROM operations{}",
        conditions.clause()
    );
    let rows = conn.all(&sql, conditions.args()).await?;
    rows.into_iter().map(|row| due(row, now)).collect()
}

fn due(row: Row, now: Timestamp) -> Result<Due, Error> {
    let kind = OperationKind::parse(row.text(2)?);
    let captured = match row.0.get(8) {
        None | Some(Val::Null) => None,
        Some(_) => Some(amount(row.clone(), 8)?),
    };
    let expires_at = row.time(1)?;
    Ok(Due {
        id: row.uuid(0)?,
        expires_at,
        kind: kind.ok_or_else(|| Error::data("operations.kind is not a word that is known"))?,
        ends: status_at(OperationStatus::Pending, captured, Some(expires_at), now),
        asset: row.uuid(3)?,
        debit: row.uuid(4)?,
        created_at: row.time(5)?,
        amount: amount(row.clone(), 6)?,
        held: amount(row, 7)?,
    })
}

/// What pending operations of balances hold past their time, each with its balance: free again, though that is not
/// written yet.
pub async fn due_holds(
    conn: &mut Conn,
    balances: &[Uuid],
    now: Timestamp,
) -> Result<Vec<(Uuid, Amount)>, Error> {
    let sql = "SELECT debit_id, held FROM operations WHERE status = 'pending' AND expires_at IS NOT NULL \
               AND expires_at <= $2 AND debit_id";
    let keys: Vec<Val> = balances.iter().map(|id| Val::Uuid(*id)).collect();
    let rows = conn
        .keyed_with(sql, Kind::Uuid, &keys, &[now.into()], Lock::None)
        .await?;
    rows.into_iter()
        .map(|row| Ok((row.uuid(0)?, amount(row, 1)?)))
        .collect()
}

/// What is posted and held on one balance, for sums over all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Holding {
    /// The balance.
    pub id: Uuid,
    /// The asset.
    pub asset: Uuid,
    /// Which house account it is; none for a user's.
    pub house: Option<House>,
    /// Posted.
    pub posted: Amount,
    /// Held.
    pub held: Amount,
}

/// A page of what is posted and held on balances, in the order of their ids.
pub async fn all_holdings(conn: &mut Conn, after: Option<Uuid>, limit: u32) -> Result<Vec<Holding>, Error> {
    let sql = "SELECT id, house, posted, held, asset_id FROM balances WHERE id > $1 ORDER BY id LIMIT $2";
    let args = [after.unwrap_or_default().into(), Val::Int(limit.into())];
    let rows = conn.all(sql, &args).await?;
    rows.into_iter().map(holding).collect()
}

fn holding(row: Row) -> Result<Holding, Error> {
    let house = row
        .optional_text(1)?
        .map(|word| House::parse(word).ok_or_else(|| Error::data(format!("balances.house is {word:?}"))));
    Ok(Holding {
        id: row.uuid(0)?,
        asset: row.uuid(4)?,
        house: house.transpose()?,
        held: amount(row.clone(), 3)?,
        posted: amount(row, 2)?,
    })
}

/// What each open operation holds of its debit balance, a page in the order of ids.
pub async fn open_holds(
    conn: &mut Conn,
    after: Option<Uuid>,
    limit: u32,
) -> Result<Vec<(Uuid, Uuid, Amount)>, Error> {
    let sql = "SELECT id, debit_id, held FROM operations WHERE status IN ('pending', 'processing', 'unknown') \
               AND id > $1 ORDER BY id LIMIT $2";
    let args = [after.unwrap_or_default().into(), Val::Int(limit.into())];
    let rows = conn.all(sql, &args).await?;
    rows.into_iter()
        .map(|row| Ok((row.uuid(0)?, row.uuid(1)?, amount(row, 2)?)))
        .collect()
}
