//! Errors of the database, told apart by what can be done about them.

use domain::record::DecodeError;
use uuid::Uuid;

/// What PostgreSQL says when the head is another one: division by zero, see [`crate::ground`].
const MOVED: &str = "22012";

/// What it says when a row is another one: the square root of a number below zero.
const CHANGED: &str = "2201F";

/// What can be done about an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// A constraint said no, or a value was not taken: run the batch's commands one by one.
    Constraint,
    /// Another transaction was in the way: try again.
    Retry,
    /// The head is not the one that the batch was decided at: nothing was written.
    Moved,
    /// A row that was known is not there as it was: nothing was written.
    Changed,
    /// The connection broke: what was under way may or may not have been committed.
    Connection,
    /// The disk is full, or cannot be written: nothing was written. It goes by when there is space again.
    Full,
    /// A stored value does not decode, or the schema is not ours.
    Data,
    /// A row of a sealed table does not decode: somebody changed it by hand.
    Row {
        /// Its table.
        table: &'static str,
        /// Its id.
        id: Uuid,
    },
    /// The entry of this index is missing, or does not read: somebody changed the log by hand.
    Entry(u64),
    /// The head row does not fit together, or is gone: somebody changed the log by hand.
    Head,
    /// Anything else: the operator must look.
    Other,
}

impl ErrorKind {
    /// What an error of this kind begins with.
    fn about(self) -> String {
        match self {
            ErrorKind::Entry(index) => format!("entry {index}: "),
            _ => String::new(),
        }
    }

    /// Whether a stored value does not read, or is not there.
    pub fn is_data(self) -> bool {
        matches!(
            self,
            ErrorKind::Data | ErrorKind::Row { .. } | ErrorKind::Entry(_)
        )
    }
}

/// A failed statement.
#[derive(Debug, thiserror::Error)]
#[error("{}{message}{}", .kind.about(), .statement.as_ref().map(|sql| format!(" (in: {sql})")).unwrap_or_default())]
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

    /// Somebody else uses what is needed alone.
    pub fn in_use(message: impl Into<String>) -> Error {
        Error::new(ErrorKind::Retry, message)
    }

    /// A stored value that does not decode.
    pub fn data(message: impl Into<String>) -> Error {
        Error::new(ErrorKind::Data, message)
    }

    /// An entry that is missing, or does not read.
    pub fn entry(index: u64, what: impl std::fmt::Display) -> Error {
        Error::new(ErrorKind::Entry(index), what.to_string())
    }
}

impl From<rusqlite::Error> for Error {
    fn from(error: rusqlite::Error) -> Error {
        use rusqlite::ErrorCode::{
            ConstraintViolation, DatabaseBusy, DatabaseCorrupt, DatabaseLocked, DiskFull, NotADatabase,
            ReadOnly, SchemaChanged, SystemIoFailure,
        };
        let kind = match error.sqlite_error_code() {
            Some(SystemIoFailure) if is_reading(&error) => ErrorKind::Other,
            Some(DiskFull | SystemIoFailure | ReadOnly) => ErrorKind::Full,
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
            Some(MOVED) => ErrorKind::Moved,
            Some(CHANGED) => ErrorKind::Changed,
            // Class 22 is a value that the server does not take: like a constraint, the fault of one command.
            Some(code) if code.starts_with("22") || code.starts_with("23") => ErrorKind::Constraint,
            // Admin shutdown, cannot connect now, read-only after a failover, idle in a transaction for too long, too many
            // connections, class 08; and no answer at all.
            Some("57P01" | "57P02" | "57P03" | "25006" | "25P03" | "53300" | "XX000") | None => {
                ErrorKind::Connection
            }
            Some(code) if code.starts_with("08") => ErrorKind::Connection,
            // Disk full, out of memory, a limit of the configuration; and a disk that cannot be written.
            Some(code) if code.starts_with("53") || code == "58030" => ErrorKind::Full,
            Some(_) => ErrorKind::Other,
        };
        let message = match error.as_db_error() {
            Some(db) => format!("PostgreSQL: {} ({})", db.message(), db.code().code()),
            None => format!("PostgreSQL: {}", chain(&error)),
        };
        Error::new(kind, message)
    }
}

/// Whether the disk failed while reading, which more space does not mend.
fn is_reading(error: &rusqlite::Error) -> bool {
    use rusqlite::ffi::{SQLITE_IOERR_READ, SQLITE_IOERR_SHORT_READ};
    let extended = error.sqlite_error().map(|error| error.extended_code);
    matches!(extended, Some(SQLITE_IOERR_READ | SQLITE_IOERR_SHORT_READ))
}

/// What it says, and what each of its causes says.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
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

#[cfg(test)]
mod tests {
    use rusqlite::{Connection, Error as Sqlite, OpenFlags, ffi};

    use super::{Error, ErrorKind};

    /// What a full disk, a file that cannot be written and a failing disk are told as, each as SQLite itself says it.
    #[test]
    fn a_disk_that_is_full_or_cannot_be_written_is_its_own_kind() {
        let folder = testkit::temp_dir("store");
        let path = folder.path().join("small.db");
        let conn = Connection::open(&path).unwrap();
        conn.execute_batch("PRAGMA max_page_count = 4; CREATE TABLE t (x BLOB)")
            .unwrap();
        let full = conn
            .execute("INSERT INTO t VALUES (zeroblob(100000))", [])
            .unwrap_err();
        assert_eq!(Error::from(full).kind, ErrorKind::Full);

        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY;
        let conn = Connection::open_with_flags(&path, flags).unwrap();
        let read_only = conn.execute("INSERT INTO t VALUES (NULL)", []).unwrap_err();
        assert_eq!(Error::from(read_only).kind, ErrorKind::Full);

        let failed = |code| Sqlite::SqliteFailure(ffi::Error::new(code), None);
        for (code, kind) in [
            (ffi::SQLITE_IOERR_WRITE, ErrorKind::Full),
            (ffi::SQLITE_IOERR_FSYNC, ErrorKind::Full),
            (ffi::SQLITE_IOERR_SHMSIZE, ErrorKind::Full),
            (ffi::SQLITE_IOERR_READ, ErrorKind::Other),
            (ffi::SQLITE_CONSTRAINT_UNIQUE, ErrorKind::Constraint),
            (ffi::SQLITE_BUSY_SNAPSHOT, ErrorKind::Retry),
            (ffi::SQLITE_CORRUPT, ErrorKind::Data),
        ] {
            assert_eq!(Error::from(failed(code)).kind, kind, "{code}");
        }
    }
}
