//! Connecting to PostgreSQL, and making the database when it is missing.

use std::net::IpAddr;
use std::str::FromStr;
use std::time::Duration;

use tokio_postgres::config::{Host, SslMode};
use tokio_postgres::{Config, NoTls};

use super::PgConn;
use crate::error::{Error, ErrorKind};

/// What every connection sets.
const SETTINGS: [&str; 6] = [
    // A lost client must not hold the log's lock; and a commit is acknowledged only once it is on disk.
    "idle_in_transaction_session_timeout = '60s'",
    "synchronous_commit = on",
    "timezone = 'UTC'",
    // Plans are the same whatever the planner believes of the tables: its figures are from when a table was last analysed,
    // which may be never, or when it had ten rows. A statement is planned once for all parameters, an index is taken before
    // a whole table is read, and no plan is compiled because it looks expensive.
    "plan_cache_mode = force_generic_plan",
    "enable_seqscan = off",
    "jit = off",
];

/// Reads a `postgres://` URL; several hosts and `target_session_attrs` are understood.
pub fn parse(url: &str) -> Result<Config, Error> {
    let mut config = Config::from_str(url).map_err(|error| {
        Error::new(
            ErrorKind::Other,
            format!("the database URL does not read: {error}"),
        )
    })?;
    if config.get_ssl_mode() == SslMode::Require {
        let message = "sslmode=require: this build speaks to PostgreSQL without TLS only; \
                       use a Unix socket, the loopback address, or a local TLS proxy";
        return Err(Error::new(ErrorKind::Other, message));
    }
    if config.get_application_name().is_none() {
        config.application_name("probity");
    }
    if config.get_connect_timeout().is_none() {
        config.connect_timeout(Duration::from_secs(10));
    }
    Ok(config)
}

/// Whether the server is on this machine.
pub(crate) fn is_here(config: &Config) -> bool {
    config.get_hosts().iter().all(|host| match host {
        Host::Unix(_) => true,
        Host::Tcp(name) if name == "localhost" => true,
        Host::Tcp(name) => name.parse().is_ok_and(|address: IpAddr| address.is_loopback()),
    })
}

/// Opens a connection, and drives it on the current runtime.
pub async fn connect(config: &Config) -> Result<PgConn, Error> {
    let (client, connection) = config.connect(NoTls).await.map_err(|error| {
        let missing = error.code() == Some(&tokio_postgres::error::SqlState::INVALID_CATALOG_NAME);
        let mut error = Error::from(error);
        if missing {
            error.kind = ErrorKind::Data;
        }
        error.message = format!("cannot connect: {}", error.message);
        error
    })?;
    tokio::spawn(async move {
        if let Err(error) = connection.await {
            tracing::warn!(%error, "a PostgreSQL connection ended");
        }
    });
    let mut conn = PgConn::new(client, std::time::Instant::now());
    for setting in SETTINGS {
        conn.batch(&format!("SET {setting}")).await?;
    }
    Ok(conn)
}

/// Makes the database that the URL names, if it is missing. True when it was made.
pub async fn create_database(config: &Config) -> Result<bool, Error> {
    match connect(config).await {
        Ok(_) => return Ok(false),
        Err(error) if error.kind == ErrorKind::Data => {}
        Err(error) => return Err(error),
    }
    let name = config.get_dbname().unwrap_or_default().to_owned();
    let mut administrative = config.clone();
    administrative.dbname("postgres").options("");
    let mut conn = connect(&administrative).await?;
    let quoted = name.replace('"', "\"\"");
    match conn
        .batch(&format!(
            "CREATE DATABASE \"{quoted}\" ENCODING 'UTF8' TEMPLATE template0"
        ))
        .await
    {
        Ok(()) => Ok(true),
        // Another process made it in between.
        Err(error) if error.message.contains("42P04") || error.kind == ErrorKind::Constraint => Ok(false),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::{is_here, parse};

    #[test]
    fn a_server_on_this_machine() {
        for (url, here) in [
            ("postgres:///d?host=/run/postgresql", true),
            ("postgres://u@localhost/d", true),
            ("postgres://u@127.0.0.1:5433/d", true),
            ("postgres://u@[::1]/d", true),
            ("postgres://u@db/d", false),
            ("postgres://u@192.0.2.1/d", false),
            ("postgres://u@localhost,db/d", false),
        ] {
            assert_eq!(is_here(&parse(url).unwrap()), here, "{url}");
        }
    }
}
