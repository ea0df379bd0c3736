//! Why a backup was not written, listed or removed.

use std::fmt;
use std::io;

use engine::verify::Findings;

use crate::fault::Fault;

/// Why it was not done.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The engine or the database failed.
    #[error(transparent)]
    Engine(#[from] engine::Error),
    /// A file or a place failed.
    #[error("cannot {what}: {error}")]
    Io {
        /// What was tried, such as `write /backups/x.partial`.
        what: String,
        /// Why it failed.
        error: io::Error,
    },
    /// The database is not as its log says.
    #[error("the database is not as its log says: {}", first(.0))]
    Tampered(Findings),
    /// What was restored is not as its log says.
    #[error(
        "what was restored is not as its log says, and was put nowhere{}: {}",
        if *.even_tampered { " (the backup was written with --even-tampered)" } else { "" },
        first(.findings)
    )]
    Restored {
        /// What is wrong.
        findings: Findings,
        /// The backup says that its database was not as its log says.
        even_tampered: bool,
    },
    /// It is not done as things are.
    #[error("{message}")]
    Refused {
        /// Stable code.
        code: &'static str,
        /// What is wrong.
        message: String,
        /// What to do about it.
        hint: &'static str,
    },
    /// Nothing that was given opens a backup that is encrypted. Whether it is good, nobody knows.
    #[error("the backup cannot be opened: {0}")]
    NotOpened(String),
    /// A file is not the backup that it should be.
    #[error(transparent)]
    Fault(#[from] Fault),
    /// A backup of this name is there already.
    #[error("{0} is there already, and no backup is ever overwritten")]
    Exists(String),
}

impl Error {
    pub(crate) fn refused(code: &'static str, message: impl Into<String>, hint: &'static str) -> Error {
        let message = message.into();
        Error::Refused { code, message, hint }
    }

    /// A part of the work ended without a word.
    pub(crate) fn stopped() -> Error {
        Error::Engine(engine::Error::problem("a thread stopped", "report this as a bug"))
    }
}

fn first(findings: &Findings) -> String {
    let more = findings.list.len() as u64 + findings.omitted;
    match findings.list.first() {
        Some(first) if more > 1 => format!("{first}; and {} more", more - 1),
        Some(first) => first.to_string(),
        None => String::new(),
    }
}

impl From<store::Error> for Error {
    fn from(error: store::Error) -> Error {
        Error::Engine(error.into())
    }
}

/// Says what was tried where it failed.
pub(crate) trait Tried<T> {
    /// What was tried, with what.
    fn tried(self, verb: &str, what: impl fmt::Display) -> Result<T, Error>;
}

impl<T> Tried<T> for io::Result<T> {
    fn tried(self, verb: &str, what: impl fmt::Display) -> Result<T, Error> {
        self.map_err(|error| Error::Io {
            what: format!("{verb} {what}"),
            error,
        })
    }
}
