//! Questions to custody and approvals: lists, statements, balances as of a moment, supply, statistics.
//!
//! Movements are found by the buckets' indexes of the entries that wrote them (`docs/decisions/0004-bucketed-indexes.md`):
//! an operation that carries a movement never changes again, so its entry is the movement's.

mod operations;
mod sums;

use domain::approval::{Approval, ApprovalStatus, Vote};
use domain::custody::kyc::{KycDocument, KycRecord, KycStatus};
use domain::custody::{Asset, Balance};
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

use crate::conditions::Where;
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

/// A page of assets, oldest first, after the one of id `after`.
pub async fn assets(conn: &mut Conn, after: Option<Uuid>, limit: u32) -> Result<Vec<Sealed<Asset>>, Error> {
    Where::default().page(conn, after, limit).await
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
    let mut conditions = Where::default();
    if let Some(asset) = filter.asset {
        conditions.write("asset_id = ?", [asset.into()]);
    }
    if let Some(user) = filter.user {
        conditions.write("user_id = ?", [user.into()]);
    }
    if let Some(house) = filter.house {
        conditions.write("(house IS NOT NULL) = ?", [house.into()]);
    }
    conditions.page(conn, after, limit).await
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

/// A page of KYC records, oldest first, after the one of id `after`; by status as the clock has it at `now`.
pub async fn kyc_records(
    conn: &mut Conn,
    user: Option<Uuid>,
    (status, now): (Option<KycStatus>, Timestamp),
    after: Option<Uuid>,
    limit: u32,
) -> Result<Vec<Sealed<KycRecord>>, Error> {
    let mut conditions = Where::default();
    if let Some(user) = user {
        conditions.write("user_id = ?", [user.into()]);
    }
    match status {
        Some(KycStatus::Approved) => {
            conditions.write(
                "status = 'approved' AND (expires_at IS NULL OR expires_at > ?)",
                [now.into()],
            );
        }
        Some(KycStatus::Expired) => conditions.write(
            "(status = 'expired' OR status = 'approved' AND expires_at <= ?)",
            [now.into()],
        ),
        Some(status) => conditions.write("status = ?", [status.as_str().into()]),
        None => {}
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

/// A page of approvals, oldest first, after the one of id `after`; by status as the clock has it at `now`, and by who
/// asked.
pub async fn approvals(
    conn: &mut Conn,
    (status, now): (Option<ApprovalStatus>, Timestamp),
    requested_by: Option<Uuid>,
    after: Option<Uuid>,
    limit: u32,
) -> Result<Vec<Sealed<Approval>>, Error> {
    let mut conditions = Where::default();
    match status {
        Some(ApprovalStatus::Pending) => {
            conditions.write("status = 'pending' AND expires_at > ?", [now.into()]);
        }
        Some(ApprovalStatus::Granted) => {
            conditions.write("status = 'granted' AND expires_at > ?", [now.into()]);
        }
        Some(ApprovalStatus::Expired) => conditions.write(
            "(status = 'expired' OR status IN ('pending', 'granted') AND expires_at <= ?)",
            [now.into()],
        ),
        Some(status) => conditions.write("status = ?", [status.as_str().into()]),
        None => {}
    }
    if let Some(user) = requested_by {
        conditions.write("requested_by = ?", [user.into()]);
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
