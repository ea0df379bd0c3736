//! Questions to custody and approvals: lists, statements, balances as of a moment, supply, statistics.
//!
//! Movements are found by the buckets' indexes of the entries that wrote them (`docs/decisions/0004-bucketed-indexes.md`):
//! an operation that carries a movement never changes again, so its entry is the movement's.

mod operations;
mod sums;

use domain::custody::Asset;
use domain::record::{Kind, Sealed, Val};
use evidence::time::Timestamp;
use uuid::Uuid;

pub use operations::{
    MOVEMENTS_WINDOW, Movement, OperationFilter, OperationPlace, last_movement, movements, operations,
    reversals, twins,
};
pub use sums::{
    Holding, OperationFigure, all_holdings, due_holds, due_holds_of_asset, figures, holdings, open_holds,
};

use crate::conn::{Conn, Lock};
use crate::error::Error;
use crate::sealed;

/// The asset of this code, in any case.
pub async fn asset_of_code(conn: &mut Conn, code: &str) -> Result<Option<Sealed<Asset>>, Error> {
    if code.contains('\0') {
        return Ok(None);
    }
    let key = [code.to_ascii_lowercase().into()];
    let rows = sealed::by_key::<Asset>(conn, "lower(code)", Kind::Text, &key, Lock::None).await?;
    Ok(rows.into_iter().next())
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
