//! Connecting to PostgreSQL, and making the database when it is missing.

use std::net::IpAddr;
use std::str::FromStr;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use tokio::task::AbortHandle;
use tokio_postgres::config::{Host, SslMode, TargetSessionAttrs};
use tokio_postgres::error::SqlState;
use tokio_postgres::tls::MakeTlsConnect;
use tokio_postgres::{Client, Config, NoTls, Socket};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::PgConn;
use super::tls::{self, Mode, Tls};
use crate::error::{Error, ErrorKind, chain};

/// What every connection sets.
const SETTINGS: [&str; 6] = [
    // A client that is lost, or stands still, must not hold the log's lock; and a commit is acknowledged only once it is on disk.
    "idle_in_transaction_session_timeout = '10s'",
    "synchronous_commit = on",
    "timezone = 'UTC'",
    // Plans are the same whatever the planner believes of the tables: its figures are from when a table was last analysed,
    // which may be never, or when it had ten rows. A statement is planned once for all parameters, an index is taken before
    // a whole table is read, and no plan is compiled because it looks expensive.
    "plan_cache_mode = force_generic_plan",
    "enable_seqscan = off",
    "jit = off",
];

/// Long values are compressed by LZ4 where the server is built with it: its own way takes a tenth of its time in large batches.
/// Values tell how they were compressed, so both may be there.
const COMPRESSION: &str = "SELECT set_config(name, 'lz4', false) FROM pg_settings \
     WHERE name = 'default_toast_compression' AND 'lz4' = ANY (enumvals)";

/// How long a server may take to answer whoever connects, unless the URL says `connect_timeout`.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// How long a connection may be silent before the system asks whether the other side is there, unless the URL says
/// `keepalives_idle`.
const KEEPALIVES_IDLE: Duration = Duration::from_secs(10);

/// How long the other side's system may take to acknowledge what was sent, unless the URL says `tcp_user_timeout`.
const TCP_USER_TIMEOUT: Duration = Duration::from_secs(15);

/// The servers that a URL names: one, or several of which one is the primary.
#[derive(Clone, Debug)]
pub struct Servers(Vec<Server>);

#[derive(Clone, Debug)]
struct Server {
    config: Config,
    tls: Tls,
}

/// Reads a `postgres://` URL. Of several hosts the one that takes writes is meant, unless it says `target_session_attrs`.
pub fn parse(url: &str) -> Result<Servers, Error> {
    let (url, taken) = tls::take(url)?;
    let each = each_host(&url);
    let several = each.len() > 1;
    if several {
        // Whatever each host, the list has to read as it is.
        read(&url)?;
    }
    let mut servers = Vec::with_capacity(each.len());
    for one in &each {
        let mut config = read(one)?;
        let sockets = config
            .get_hosts()
            .iter()
            .any(|host| matches!(host, Host::Unix(_)));
        if sockets && !config.get_hostaddrs().is_empty() {
            // The driver would go to the address, as it goes to a socket: without TLS.
            let message = "the database URL names an address (hostaddr) and a folder of sockets (host): it must be one of them";
            return Err(Error::new(ErrorKind::Other, message));
        }
        if several && !url.contains("target_session_attrs=") {
            config.target_session_attrs(TargetSessionAttrs::ReadWrite);
        }
        let tls = Tls::of(taken.clone(), is_local(&config))?;
        // The driver knows how to do without, and to insist; on a socket there is none.
        config.ssl_mode(match tls.mode {
            _ if config
                .get_hosts()
                .iter()
                .all(|host| matches!(host, Host::Unix(_))) =>
            {
                SslMode::Disable
            }
            Mode::Disable => SslMode::Disable,
            Mode::Prefer => SslMode::Prefer,
            Mode::Require | Mode::VerifyCa | Mode::VerifyFull => SslMode::Require,
        });
        servers.push(Server { config, tls });
    }
    Ok(Servers(servers))
}

fn read(url: &str) -> Result<Config, Error> {
    let mut config = Config::from_str(url).map_err(|error| {
        let message = format!("the database URL does not read: {}", chain(&error));
        Error::new(ErrorKind::Other, message)
    })?;
    if config.get_application_name().is_none() {
        config.application_name("probity");
    }
    if config.get_connect_timeout().is_none() {
        config.connect_timeout(CONNECT_TIMEOUT);
    }
    if config.get_tcp_user_timeout().is_none() {
        config.tcp_user_timeout(TCP_USER_TIMEOUT);
    }
    if !url.contains("keepalives_idle=") {
        config.keepalives_idle(KEEPALIVES_IDLE);
    }
    Ok(config)
}

/// The URL once for each of its hosts.
fn each_host(url: &str) -> Vec<String> {
    let whole = || vec![url.to_owned()];
    let Some((scheme, rest)) = url.split_once("://") else {
        return whole();
    };
    let (authority, tail) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
    let (user, hosts) = authority.split_at(authority.rfind('@').map_or(0, |at| at + 1));
    let hosts = hosts.split(',');
    hosts
        .map(|host| format!("{scheme}://{user}{host}{tail}"))
        .collect()
}

/// Whether all of them are on this machine.
pub(crate) fn is_here(servers: &Servers) -> bool {
    servers.0.iter().all(|server| is_local(&server.config))
}

/// Whether what is said to them stays on this machine, or is encrypted.
pub(crate) fn is_private(servers: &Servers) -> bool {
    let mut servers = servers.0.iter();
    servers.all(|server| is_local(&server.config) || server.tls.mode >= Mode::Require)
}

fn is_local(config: &Config) -> bool {
    // An address counts before a name.
    let addresses = config.get_hostaddrs();
    if !addresses.is_empty() {
        return addresses.iter().all(IpAddr::is_loopback);
    }
    config.get_hosts().iter().all(|host| match host {
        Host::Unix(_) => true,
        Host::Tcp(name) if name == "localhost" => true,
        Host::Tcp(name) => name.parse().is_ok_and(|address: IpAddr| address.is_loopback()),
    })
}

/// Opens a connection to the server that takes it first, and drives it on the current runtime. All are asked at the same
/// time: one that does not answer does not hold up another.
pub async fn connect(servers: &Servers) -> Result<PgConn, Error> {
    let mut asked: FuturesUnordered<_> = servers.0.iter().map(connect_to).collect();
    let mut failed: Option<Error> = None;
    while let Some(answer) = asked.next().await {
        match (answer, &mut failed) {
            (Ok(conn), _) => return Ok(conn),
            (Err(error), None) => failed = Some(error),
            (Err(error), Some(failed)) => {
                // One that can be reached says more than one that cannot.
                if failed.kind == ErrorKind::Connection {
                    failed.kind = error.kind;
                }
                failed.message = format!("{}; {}", failed.message, error.message);
            }
        }
    }
    Err(failed.unwrap_or_else(|| Error::new(ErrorKind::Other, "the database URL names no host")))
}

async fn connect_to(Server { config, tls }: &Server) -> Result<PgConn, Error> {
    let opened = async {
        let (client, driver) = match config.get_ssl_mode() {
            SslMode::Disable => driven(config, NoTls).await?,
            _ => driven(config, MakeRustlsConnect::new(tls.config()?)).await?,
        };
        let mut conn = PgConn::new(client, driver);
        let settings = SETTINGS.map(|setting| format!("SET {setting}")).join("; ");
        conn.batch(&format!("{settings}; {COMPRESSION}")).await?;
        Ok(conn)
    };
    // A server that is there and hangs is as good as none.
    let limit = config.get_connect_timeout().copied().unwrap_or(CONNECT_TIMEOUT);
    tokio::time::timeout(limit, opened).await.unwrap_or_else(|_| {
        let message = format!("cannot connect: PostgreSQL did not answer within {limit:?}");
        Err(Error::new(ErrorKind::Connection, message))
    })
}

/// A connection that the current runtime drives, and what ends it.
async fn driven<T>(config: &Config, tls: T) -> Result<(Client, AbortHandle), Error>
where
    T: MakeTlsConnect<Socket, Stream: Send + 'static>,
{
    let (client, connection) = config.connect(tls).await.map_err(|error| {
        let missing = error.code() == Some(&SqlState::INVALID_CATALOG_NAME);
        let advice = tls::advice(&error).map_or_else(String::new, |advice| format!("; {advice}"));
        let mut error = Error::from(error);
        if missing {
            error.kind = ErrorKind::Data;
        }
        error.message = format!("cannot connect: {}{advice}", error.message);
        error
    })?;
    let driver = tokio::spawn(async move {
        if let Err(error) = connection.await {
            tracing::warn!(%error, "a PostgreSQL connection ended");
        }
    });
    Ok((client, driver.abort_handle()))
}

/// Makes the database that the URL names, if it is missing. True when it was made.
pub async fn create_database(servers: &Servers) -> Result<bool, Error> {
    match connect(servers).await {
        Ok(_) => return Ok(false),
        Err(error) if error.kind == ErrorKind::Data => {}
        Err(error) => return Err(error),
    }
    let name = servers.0.iter().find_map(|server| server.config.get_dbname());
    let name = name.unwrap_or_default();
    let mut administrative = servers.clone();
    for server in &mut administrative.0 {
        server.config.dbname("postgres").options("");
    }
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
    use super::{is_here, is_private, parse};

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
            ("postgres://u@localhost:1,127.0.0.1:2/d", true),
            ("postgres://u@db/d?hostaddr=127.0.0.1", true),
            ("postgres://u@localhost/d?hostaddr=192.0.2.1", false),
        ] {
            assert_eq!(is_here(&parse(url).unwrap()), here, "{url}");
        }
    }

    #[test]
    fn an_address_is_no_folder_of_sockets() {
        for url in [
            "postgres://u:p@%2Ftmp:5433/d?hostaddr=192.0.2.2",
            "postgres://u@localhost/d?host=/tmp&hostaddr=192.0.2.2",
            "postgres:///d?host=/tmp&hostaddr=127.0.0.1",
        ] {
            let error = parse(url).unwrap_err();
            assert!(error.message.contains("hostaddr"), "{url}: {error}");
        }
    }

    #[test]
    fn what_is_said_to_another_machine_is_encrypted_unless_the_url_says_not() {
        for (url, private) in [
            ("postgres://u@db/d", true),
            ("postgres://u@db/d?sslmode=require", true),
            ("postgres://u@db/d?sslmode=prefer", false),
            ("postgres://u@db/d?sslmode=disable", false),
            ("postgres://u@localhost,db/d?sslmode=disable", false),
            ("postgres://u@localhost/d?sslmode=disable", true),
            ("postgres:///d?host=/run/postgresql", true),
        ] {
            assert_eq!(is_private(&parse(url).unwrap()), private, "{url}");
        }
    }

    #[test]
    fn what_is_unknown_is_refused_by_name() {
        for (url, expected) in [
            ("postgres://h/d?sslcrl=a.pem", "sslcrl"),
            ("postgres://h,i/d?ssl_mode=require", "ssl_mode"),
            ("postgres://h/d?channel_binding=yes", "channel_binding"),
            ("postgres://h/d?sslmode=verify", "sslmode=verify is unknown"),
        ] {
            let error = parse(url).unwrap_err().message;
            assert!(error.contains(expected), "{url}: {error}");
        }
    }
}
