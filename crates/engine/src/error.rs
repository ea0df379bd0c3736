//! Errors, told apart by who must act.

use std::sync::Arc;

use domain::{Refusal, Reply};

use crate::continuity::Halt;

/// Why something was not done.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The caller must act: the command was refused.
    #[error("{refusal}")]
    Refused {
        /// Why it was refused.
        refusal: Refusal,
        /// Index of the entry that records the refusal, where there is one.
        entry: Option<u64>,
    },
    /// The caller must wait: the queue before the Writer, before the threads that hash passwords, or of searches, is full.
    #[error("too much is waiting to be done; try again in {retry_after_seconds} s")]
    Overloaded {
        /// When to try again, in seconds.
        retry_after_seconds: u64,
    },
    /// The operator must act.
    #[error("{message}")]
    Problem {
        /// What is wrong.
        message: String,
        /// What to do about it.
        hint: String,
    },
    /// The database failed.
    #[error(transparent)]
    Store(store::Error),
    /// A row that this rests on is not as its entry wrote it: somebody changed it by hand. Nothing was done.
    #[error("{table} {id} {what}")]
    Tampered {
        /// Its table.
        table: &'static str,
        /// Its id.
        id: uuid::Uuid,
        /// What was done to it.
        what: String,
    },
    /// An entry that this rests on is missing, or does not read: somebody changed the log by hand.
    #[error("entry {entry} was changed by hand: {what}")]
    EntryTampered {
        /// Its index.
        entry: u64,
        /// What is wrong with it.
        what: String,
    },
    /// The log does not continue the one that this process knows: nothing is written until the operator has looked.
    #[error("nothing is written: {}", .0.reason)]
    Halted(Arc<Halt>),
    /// The connection broke while committing and could not be asked again: it may or may not be recorded.
    #[error("the outcome is not known: {0}")]
    Unknown(String),
}

impl Error {
    /// An error for the operator.
    pub fn problem(message: impl Into<String>, hint: impl Into<String>) -> Error {
        Error::Problem {
            message: message.into(),
            hint: hint.into(),
        }
    }

    /// Whether it is about something that was changed by hand.
    pub fn is_tampered(&self) -> bool {
        matches!(self, Error::Tampered { .. } | Error::EntryTampered { .. })
    }

    /// The error of a command that was answered with something of another kind.
    pub fn unexpected(reply: &Reply) -> Error {
        Error::problem(
            format!("a command was answered with {reply:?}"),
            "report this as a bug",
        )
    }
}

impl From<store::Error> for Error {
    fn from(error: store::Error) -> Error {
        match error.kind {
            store::ErrorKind::Row { table, id } => {
                let what = format!("was changed by hand and does not read: {}", error.message);
                Error::Tampered { table, id, what }
            }
            store::ErrorKind::Entry(entry) => Error::EntryTampered {
                entry,
                what: error.message,
            },
            _ => Error::Store(error),
        }
    }
}

impl From<domain::FieldError> for Error {
    fn from(error: domain::FieldError) -> Error {
        Refusal::from(error).into()
    }
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Error {
        Error::Refused { refusal, entry: None }
    }
}
