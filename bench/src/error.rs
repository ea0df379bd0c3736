//! What can keep a measurement from being made.

use std::io;

/// Someone has to act on each of these: none is part of a result.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file, socket or process of ours.
    #[error("{what}: {source}")]
    Io { what: String, source: io::Error },
    /// The server under load did something that makes the run worthless.
    #[error("the server under load: {0}")]
    Server(String),
    /// A command of the program under test failed.
    #[error("`{command}` failed ({status}): {output}")]
    Command {
        /// The command line, secrets hidden.
        command: String,
        status: String,
        /// The end of what it printed.
        output: String,
    },
    /// PostgreSQL could not be started.
    #[error(transparent)]
    Testkit(#[from] testkit::Error),
    /// A statement of ours failed.
    #[error("PostgreSQL, {what}: {source}")]
    Sql {
        what: String,
        source: tokio_postgres::Error,
    },
    /// The options do not make sense together.
    #[error("{0}")]
    Usage(String),
}

impl Error {
    /// What the server did wrong, and when.
    #[must_use]
    pub fn during(self, what: &str) -> Self {
        match self {
            Self::Server(text) => Self::Server(format!("{what}: {text}")),
            other => other,
        }
    }

    /// For `map_err`: an input or output error with what was attempted.
    pub fn io(what: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        let what = what.into();
        move |source| Self::Io { what, source }
    }

    /// For `map_err`: a database error with what was attempted.
    pub fn sql(what: impl Into<String>) -> impl FnOnce(tokio_postgres::Error) -> Self {
        let what = what.into();
        move |source| Self::Sql { what, source }
    }
}
