//! What sums and statistics are made of; the sums themselves are made in memory, since SQL knows no amounts on SQLite.

use domain::custody::operation::status_at;
use domain::custody::{Amount, House, OperationKind, OperationStatus};
use domain::record::Val;
use evidence::time::Timestamp;
use uuid::Uuid;

use crate::conditions::Where;
use crate::conn::Conn;
use crate::error::Error;
use crate::row::Row;
use crate::sealed::amount;

/// What pending operations of a balance hold past their time: free again, though that is not written yet.
pub async fn due_holds(conn: &mut Conn, balance: Uuid, now: Timestamp) -> Result<Vec<Amount>, Error> {
    let sql = "SELECT held FROM operations WHERE status = 'pending' AND expires_at <= $2 AND debit_id = $1";
    let rows = conn.all(sql, &[balance.into(), now.into()]).await?;
    rows.into_iter().map(|row| amount(row, 0)).collect()
}

/// The same of all balances of an asset but its external one, a page in the order of the operations' ids.
pub async fn due_holds_of_asset(
    conn: &mut Conn,
    asset: Uuid,
    now: Timestamp,
    after: Option<Uuid>,
    limit: u32,
) -> Result<Vec<(Uuid, Amount)>, Error> {
    let sql = "SELECT id, held FROM operations WHERE status = 'pending' AND expires_at IS NOT NULL AND expires_at <= $2 \
               AND asset_id = $1 AND debit_id NOT IN (SELECT id FROM balances WHERE asset_id = $1 AND house = 'external') \
               AND id > $3 ORDER BY id LIMIT $4";
    let args = [
        asset.into(),
        now.into(),
        after.unwrap_or(Uuid::nil()).into(),
        Val::Int(limit.into()),
    ];
    let rows = conn.all(sql, &args).await?;
    rows.into_iter()
        .map(|row| Ok((row.uuid(0)?, amount(row, 1)?)))
        .collect()
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
    /// Where it stands by the clock.
    pub status: OperationStatus,
    /// The asset.
    pub asset: Uuid,
    /// How much.
    pub amount: Amount,
    /// When it was made.
    pub created_at: Timestamp,
}

/// A page of figures of the operations made in `from..to`, in the order of their ids, as the clock has them at `now`.
pub async fn figures(
    conn: &mut Conn,
    (asset, now): (Option<Uuid>, Timestamp),
    (from, to): (Option<Timestamp>, Option<Timestamp>),
    after: Option<Uuid>,
    limit: u32,
) -> Result<Vec<OperationFigure>, Error> {
    let mut conditions = Where::default();
    conditions.given("asset_id = ?", asset);
    conditions.given("created_at >= ?", from);
    conditions.given("created_at < ?", to);
    conditions.given("id > ?", after);
    let limit = conditions.arg(i64::from(limit));
    let sql = format!(
        "SELECT id, kind, status, asset_id, created_at, amount, captured, expires_at FROM operations{} ORDER BY id LIMIT {limit}",
        conditions.clause(),
    );
    let rows = conn.all(&sql, conditions.args()).await?;
    rows.into_iter().map(|row| figure(row, now)).collect()
}

fn figure(row: Row, now: Timestamp) -> Result<OperationFigure, Error> {
    let wrong = |column: &str| Error::data(format!("operations.{column} is not a word that is known"));
    let stored = OperationStatus::parse(row.text(2)?).ok_or_else(|| wrong("status"))?;
    let expires_at = row.optional_time(7)?;
    let captured = match row.0.get(6) {
        None | Some(Val::Null) => None,
        Some(_) => Some(amount(row.clone(), 6)?),
    };
    Ok(OperationFigure {
        id: row.uuid(0)?,
        kind: OperationKind::parse(row.text(1)?).ok_or_else(|| wrong("kind"))?,
        status: status_at(stored, captured, expires_at, now),
        asset: row.uuid(3)?,
        created_at: row.time(4)?,
        amount: amount(row, 5)?,
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
    let args = [after.unwrap_or(Uuid::nil()).into(), Val::Int(limit.into())];
    let rows = conn.all(sql, &args).await?;
    rows.into_iter()
        .map(|row| Ok((row.uuid(0)?, row.uuid(1)?, amount(row, 2)?)))
        .collect()
}
