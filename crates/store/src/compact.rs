//! Making a database anew, so that its files hold nothing of what was erased or pruned, and are as small as they can be.

use domain::tables::SEALED;

use crate::conn::Conn;
use crate::error::Error;

/// The tables that can be made anew: entries, and every sealed table.
pub fn tables() -> Vec<&'static str> {
    let sealed = SEALED.iter().map(|table| table.name);
    std::iter::once("entries").chain(sealed).collect()
}

/// How many bytes these tables take, with their indexes; the whole file on SQLite, which is made anew as one.
pub async fn bytes(conn: &mut Conn, tables: &[&str]) -> Result<u64, Error> {
    if let Conn::Sqlite(_) = conn {
        return Ok(crate::vitals::read(conn).await?.bytes);
    }
    let mut bytes = 0;
    for table in tables {
        let sql = "SELECT pg_catalog.pg_total_relation_size(to_regclass($1))";
        let row = conn.opt(sql, &[(*table).into()]).await?;
        bytes += row.map_or(Ok(0), |row| row.unsigned(0))?;
    }
    Ok(bytes)
}

/// Makes a table anew; on SQLite the whole file. Others wait who write meanwhile, on PostgreSQL also those who read the table.
pub async fn compact(conn: &mut Conn, table: &str) -> Result<(), Error> {
    match conn {
        Conn::Sqlite(_) => {
            conn.batch("VACUUM").await?;
            // The new file stands in the write-ahead log until it is copied.
            conn.all("PRAGMA wal_checkpoint(TRUNCATE)", &[]).await.map(drop)
        }
        Conn::Pg(_) => conn.batch(&format!("VACUUM (FULL, ANALYZE) {table}")).await,
    }
}
