//! What a database says of itself to whoever keeps it running.

use std::collections::BTreeMap;

use crate::conn::Conn;
use crate::error::Error;

/// What PostgreSQL is asked for by name.
const SETTINGS: &str = "SELECT name, setting FROM pg_catalog.pg_settings WHERE name IN ('autovacuum', 'fsync', \
     'full_page_writes', 'max_connections', 'server_version_num', 'superuser_reserved_connections', \
     'synchronous_commit', 'synchronous_standby_names')";

/// What it is asked for beside that.
const STATE: &str = "SELECT pg_catalog.pg_is_in_recovery()::text, \
     pg_catalog.pg_database_size(pg_catalog.current_database()), \
     (SELECT count(*) FROM pg_catalog.pg_stat_replication)";

/// What a database says of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Vitals {
    /// How large it is, in bytes.
    pub bytes: u64,
    /// What is set, by the names that the engine has for it.
    pub settings: BTreeMap<String, String>,
    /// Whether it is a copy that follows another server.
    pub follows: bool,
    /// How many servers follow it.
    pub followers: u64,
}

/// Asks for it.
pub async fn read(conn: &mut Conn) -> Result<Vitals, Error> {
    if let Conn::Sqlite(_) = conn {
        let sql = "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()";
        let row = conn.opt(sql, &[]).await?;
        return Ok(Vitals {
            bytes: row.map_or(Ok(0), |row| row.unsigned(0))?,
            ..Vitals::default()
        });
    }
    let rows = conn.all(SETTINGS, &[]).await?;
    let setting = |row: &crate::Row| Ok((row.text(0)?.to_owned(), row.text(1)?.to_owned()));
    let settings = rows.iter().map(setting).collect::<Result<_, Error>>()?;
    let row = conn.opt(STATE, &[]).await?;
    let row = row.ok_or_else(|| Error::data("the server does not say how it is"))?;
    Ok(Vitals {
        bytes: row.unsigned(1)?,
        settings,
        follows: row.text(0)? == "true",
        followers: row.unsigned(2)?,
    })
}
