//! Errors of the database, told apart by what can be done about them.

use domain::record::DecodeError;

/// What can be done about an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// A constraint said no, or a value was not taken: run the batch's commands one by one.
    Constraint,
    /// Another transaction was in the way: try again.
    Retry,
    /// The connection broke: what was under way may or may not have been committed.
    Connection,
    /// A stored value does not decode, or the schema is not ours.
    Data,
    /// The head row does not fit together, or is gone: somebody changed the log by hand.
    Head,
    /// Anything else: the operator must look.
    Other,
}

/// A failed statement.
#[derive(Debug, thiserror::Error)]
#[error("{message}{}", .statement.as_ref().map(|sql| format!(" (in: {sql})")).unwrap_or_default())]
pub struct Error {
    /// What can be done about it.
    pub kind: ErrorKind,
    /// What happened, in the engine's words, with a hint where we have one.
    pub message: String,
    /// The statement that failed, shortened.
    pub statement: Option<String>,
}

impl Error {
    /// An error that is not the engine's.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Error {
        Error {
            kind,
            message: message.into(),
            statement: None,
        }
    }

    /// The same, naming the statement.
    #[must_use]
    pub fn at(mut self, sql: &str) -> Error {
        self.statement = Some(sql.chars().take(120).collect());
        self
    }

    /// A stored value that does not decode.
    pub fn data(message: impl Into<String>) -> Error {
        Error::new(ErrorKind::Data, message)
    }
}

impl From<rusqlite::Error> for Error {
    fn from(error: rusqlite::Error) -> Error {
        use rusqlite::ErrorCode::{
            ConstraintViolation, DatabaseBusy, DatabaseCorrupt, DatabaseLocked, NotADatabase, SchemaChanged,
        };
        let kind = match error.sqlite_error_code() {
            Some(ConstraintViolation) => ErrorKind::Constraint,
            Some(DatabaseBusy | DatabaseLocked | SchemaChanged) => ErrorKind::Retry,
            Some(DatabaseCorrupt | NotADatabase) => ErrorKind::Data,
            _ => ErrorKind::Other,
        };
        Error::new(kind, format!("SQLite: {error}"))
    }
}

impl From<tokio_postgres::Error> for Error {
    fn from(error: tokio_postgres::Error) -> Error {
        let kind = match error.code().map(tokio_postgres::error::SqlState::code) {
            Some("40001" | "40P01" | "55P03") => ErrorKind::Retry,
            // Class 22 is a value that the server does not take: like a constraint, the fault of one command.
            Some(code) if code.starts_with("22") || code.starts_with("23") => ErrorKind::Constraint,
            // Admin shutdown, cannot connect now, read-only after a failover, too many connections, class 08; and no
            // answer at all.
            Some("57P01" | "57P02" | "57P03" | "25006" | "53300" | "XX000") | None => ErrorKind::Connection,
            Some(code) if code.starts_with("08") => ErrorKind::Connection,
            Some(_) => ErrorKind::Other,
        };
        let message = match error.as_db_error() {
            Some(db) => format!("PostgreSQL: {} ({})", db.message(), db.code().code()),
            None => format!("PostgreSQL: {}", chain(&error)),
        };
        Error::new(kind, message)
    }
}

fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(inner) = source {
        text = format!("{text}: {inner}");
        source = inner.source();
    }
    text
}

impl From<DecodeError> for Error {
    fn from(error: DecodeError) -> Error {
        Error::data(error.to_string())
    }
}
