//! Whether a batch could be written now, found out by writing: only that tells about a disk, a quota or a role's rights.

use evidence::json;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::conn::Conn;
use crate::db::Db;
use crate::error::Error;

/// Bytes that a trial writes, more than a connection with [`CACHE_PAGES`] keeps in memory.
const BYTES: usize = 128 * 1_024;

/// Pages that the trial's connection to SQLite keeps: what does not fit goes to disk before the commit, which never comes.
const CACHE_PAGES: u32 = 8;

/// Writes an entry where none ever is, and rolls it back. Fails as a batch would.
///
/// On SQLite it waits up to 2 s for another's write lock, and so it does on PostgreSQL.
pub async fn run(db: &Db) -> Result<(), Error> {
    let mut conn = db.side_writer().await?;
    if matches!(conn, Conn::Sqlite(_)) {
        conn.batch(&format!("PRAGMA cache_size = {CACHE_PAGES}")).await?;
    }
    conn.begin().await?;
    let id = Uuid::now_v7();
    let written = insert(&mut conn, id).await;
    let back = conn.rollback().await;
    written.and(back)
}

async fn insert(conn: &mut Conn, id: Uuid) -> Result<(), Error> {
    // Far beyond any log, and another place for each trial: two at once do not wait for each other.
    let entry = i64::MAX
        - i64::from(u32::from_be_bytes(
            Sha256::digest(id)[..4].try_into().unwrap_or_default(),
        ));
    let args = [
        entry.into(),
        id.into(),
        evidence::Timestamp::EPOCH.into(),
        padding(id).into(),
    ];
    let sql = "INSERT INTO entries (entry, id, at, recorded_by_kind, actor_kind, action, outcome, authority, leaf, payload) \
               VALUES ($1, $2, $3, 'system', 'system', 'log.trial', 'success', '', '', $4)";
    conn.exec(sql, &args).await.map(drop)
}

/// A text that cannot be stored in less space than it takes.
fn padding(id: Uuid) -> String {
    let mut text = String::with_capacity(BYTES);
    let mut number: u64 = 0;
    while text.len() < BYTES {
        let digest = Sha256::new()
            .chain_update(id)
            .chain_update(number.to_be_bytes())
            .finalize();
        text.push_str(&json::hex(&digest));
        number += 1;
    }
    text
}
