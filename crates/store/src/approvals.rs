//! Questions to approvals that no list asks.

use domain::record::{Kind, Val};
use evidence::Timestamp;
use uuid::Uuid;

use crate::conn::Conn;
use crate::error::Error;
use crate::lock::Lock;

/// Approvals whose digest has no salt, at most so many. What is erased needs none.
pub async fn unsalted(conn: &mut Conn, limit: u32) -> Result<Vec<Uuid>, Error> {
    // As the index has it.
    let sql = "SELECT id FROM approvals WHERE content_salt IS NULL AND arguments <> '' ORDER BY id LIMIT $1";
    let rows = conn.all(sql, &[i64::from(limit).into()]).await?;
    rows.iter().map(|row| row.uuid(0)).collect()
}

/// Those of these approvals that an entry of this index or a later one wrote.
pub async fn written_since(conn: &mut Conn, entry: u64, ids: &[Uuid]) -> Result<Vec<Uuid>, Error> {
    let ids: Vec<Val> = ids.iter().map(|id| Val::Uuid(*id)).collect();
    let select = "SELECT id, entry FROM approvals WHERE id";
    let rows = conn.keyed(select, Kind::Uuid, &ids, Lock::None).await?;
    let mut written = Vec::new();
    for row in &rows {
        if u64::try_from(row.int(1)?).is_ok_and(|at| at >= entry) {
            written.push(row.uuid(0)?);
        }
    }
    Ok(written)
}

/// How many approvals were used until a time, and what came of it was not reported.
pub async fn unreported(conn: &mut Conn, until: Timestamp) -> Result<u64, Error> {
    // As the index has it.
    let sql = "SELECT count(*) FROM approvals WHERE used_at <= $1 AND used_at IS NOT NULL AND outcome IS NULL AND verdict IS NOT NULL";
    let row = conn.opt(sql, &[until.into()]).await?;
    let count = row.map_or(Ok(0), |row| row.int(0))?;
    Ok(u64::try_from(count).unwrap_or(0))
}
