//! PostgreSQL for the runs: one durable server, a database for each Probity, and statements of our own.

use bytes::Bytes;
use futures_util::{SinkExt, TryStreamExt};
use testkit::{Options, Postgres, TestDatabase};
use tokio::runtime::Runtime;
use tokio_postgres::types::FromSqlOwned;
use tokio_postgres::{Client, NoTls};

use crate::error::Error;
use crate::process::{self, Ticks};
use crate::tls;

/// What the URL of a database ends with where it is spoken to in plain text, as it is unless encryption is measured.
pub const PLAIN: &str = "sslmode=disable";
/// The same with TLS.
pub const ENCRYPTED: &str = "sslmode=require";

/// A running server that keeps its promises about durability.
#[derive(Debug)]
pub struct Server {
    postgres: Postgres,
    by_socket: bool,
    /// The process that all others of the server descend from.
    pid: u32,
    /// As `select version()` has it, shortened to the product and its number.
    pub version: String,
}

impl Server {
    /// Starts one. `settings` win over our own; `by_socket`: the program under test comes over the unix socket.
    pub fn start(settings: &[(String, String)], by_socket: bool) -> Result<Self, Error> {
        let options = Options {
            durable: true,
            extra: settings.to_vec(),
            ..Options::default()
        };
        Self::of(Postgres::start(tls::of_postgres(options)?)?, by_socket)
    }

    /// The one whose data are kept: that of the environment.
    pub fn given(by_socket: bool) -> Result<Self, Error> {
        let missing = || {
            Error::Usage(format!(
                "--keep with PostgreSQL takes a server of yours: set {}",
                testkit::SHARED_URL
            ))
        };
        Self::of(Postgres::given().ok_or_else(missing)?, by_socket)
    }

    fn of(postgres: Postgres, by_socket: bool) -> Result<Self, Error> {
        let mut sql = Sql::connect(&postgres.url())?;
        let version: String = sql.value("SHOW server_version")?;
        let folder: String = sql.value("SHOW data_directory")?;
        let path = format!("{folder}/postmaster.pid");
        let pid_file = std::fs::read_to_string(&path).map_err(Error::io(format!("reading {path}")))?;
        let pid = pid_file.lines().next().and_then(|line| line.trim().parse().ok());
        let pid = pid.ok_or_else(|| Error::Usage(format!("{path} does not begin with a process id")))?;
        Ok(Self {
            postgres,
            by_socket,
            pid,
            version: format!("PostgreSQL {version}"),
        })
    }

    /// A fresh, empty database: where the program under test finds it, and the value that it is dropped with. What
    /// earlier ones left to be written is written first.
    pub fn database(&self) -> Result<(String, TestDatabase), Error> {
        let reserved = self.postgres.database()?;
        let mut sql = Sql::connect(&self.postgres.url())?;
        sql.execute(&format!("CREATE DATABASE {}", reserved.name()))?;
        sql.execute("CHECKPOINT")?;
        Ok((self.url_of(reserved.name())?, reserved))
    }

    /// Where the program under test finds a database.
    pub fn url_of(&self, name: &str) -> Result<String, Error> {
        let by_socket = self.postgres.socket_url().filter(|_| self.by_socket);
        let administrative = by_socket.unwrap_or_else(|| self.postgres.url());
        let url = testkit::url::with_database(&administrative, name)?;
        let (name, value) = PLAIN.split_once('=').unwrap_or_default();
        Ok(testkit::url::with_parameter(&url, name, value))
    }

    /// Processor time of all processes of the server.
    pub fn ticks(&self) -> Ticks {
        process::tree_ticks(self.pid)
    }
}

/// One connection for statements of our own, blocking.
#[derive(Debug)]
pub struct Sql {
    runtime: Runtime,
    client: Client,
}

impl Sql {
    pub fn connect(url: &str) -> Result<Self, Error> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(Error::io("runtime"))?;
        let (client, connection) = runtime
            .block_on(tokio_postgres::connect(url, NoTls))
            .map_err(Error::sql("connecting"))?;
        // It runs while we block on a statement; how it ends is told by the statement.
        drop(runtime.spawn(connection));
        Ok(Self { runtime, client })
    }

    /// Runs statements without a result.
    pub fn execute(&mut self, statements: &str) -> Result<(), Error> {
        self.runtime
            .block_on(self.client.batch_execute(statements))
            .map_err(Error::sql(statements))
    }

    /// The single value of a query.
    pub fn value<T: FromSqlOwned>(&mut self, query: &str) -> Result<T, Error> {
        let row = self.runtime.block_on(self.client.query_one(query, &[]));
        row.and_then(|row| row.try_get(0)).map_err(Error::sql(query))
    }

    /// Everything that a `COPY … TO STDOUT` gives.
    pub fn copy_out(&mut self, statement: &str) -> Result<Vec<u8>, Error> {
        let copy = async {
            let pieces = self.client.copy_out(statement).await?;
            pieces
                .try_fold(Vec::new(), async |mut all, piece| {
                    all.extend_from_slice(&piece);
                    Ok(all)
                })
                .await
        };
        self.runtime.block_on(copy).map_err(Error::sql(statement))
    }

    /// Feeds a `COPY … FROM STDIN`, which is one transaction, in messages of 64 KiB: one for each row would measure the
    /// client. How many rows it took.
    pub fn copy_in(&mut self, statement: &str, data: &Bytes) -> Result<u64, Error> {
        const PIECE_BYTES: usize = 65_536;
        let copy = async {
            let sink = self.client.copy_in(statement).await?;
            futures_util::pin_mut!(sink);
            for start in (0..data.len()).step_by(PIECE_BYTES) {
                sink.feed(data.slice(start..data.len().min(start + PIECE_BYTES)))
                    .await?;
            }
            sink.finish().await
        };
        self.runtime.block_on(copy).map_err(Error::sql(statement))
    }
}
