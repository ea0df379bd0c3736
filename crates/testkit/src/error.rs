//! Why a test server could not be had.

use std::io;
use std::path::PathBuf;

/// Why a test server, schema or database could not be had. The message tells a developer what to do.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No folder with `initdb`, `pg_ctl` and `postgres` was found.
    #[error(
        "PostgreSQL's server programs are not installed: looked in {}. Install them (Debian, Ubuntu: \
         apt-get install postgresql) or name their folder in PROBITY_PG_BIN",
        list(.looked_in)
    )]
    NotInstalled {
        /// The folders that were looked at, in order.
        looked_in: Vec<PathBuf>,
    },
    /// `PROBITY_PG_BIN` is set, but the server programs are not there.
    #[error("PROBITY_PG_BIN is {}, which does not hold initdb, pg_ctl and postgres", .0.display())]
    WrongBin(PathBuf),
    /// We run as root, as which PostgreSQL refuses to run, and there is nobody else to run it as.
    #[error("PostgreSQL does not run as root, and neither `postgres` nor `nobody` is in /etc/passwd")]
    NoUser,
    /// No folder is writable for the server's user and short enough for a unix socket.
    #[error("no folder for a test server: {} are not writable by it, or too long for a unix socket", list(.0))]
    NoFolder(Vec<PathBuf>),
    /// The operating system refused something.
    #[error("{doing}: {source}")]
    Io {
        /// What was being done.
        doing: &'static str,
        /// What the operating system said.
        source: io::Error,
    },
    /// The process that owns the server ended or answered out of turn.
    #[error("the test server's guard failed: {0}")]
    Guard(String),
    /// `initdb`, or a start or stop of the server, failed; with the end of the server's log.
    #[error("PostgreSQL failed to {doing}; the end of its log:\n{log}")]
    Server {
        /// `initialise`, `start` or `stop`.
        doing: &'static str,
        /// The last lines of the log.
        log: String,
    },
    /// Asked to stop or restart a server that another process owns.
    #[error("this test server belongs to another process (PROBITY_TEST_POSTGRES), which alone may stop it")]
    NotOurs,
    /// `PROBITY_TEST_POSTGRES` does not read `postgres://…/database`.
    #[error("not a URL of the form postgres://user@host:port/database: {0}")]
    Url(String),
    /// The server refused a statement or a connection.
    #[error("{statement}: {message}")]
    Sql {
        /// The statement.
        statement: String,
        /// The error with its causes.
        message: String,
    },
}

impl Error {
    /// For `map_err`: an error of the operating system, with what was being done.
    pub(crate) fn io(doing: &'static str) -> impl FnOnce(io::Error) -> Error {
        move |source| Error::Io { doing, source }
    }
}

fn list(paths: &[PathBuf]) -> String {
    paths
        .iter()
        .map(|path| path.display().to_string())
        .collect::<Vec<_>>()
        .join(", ")
}
