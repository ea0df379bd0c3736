//! Whether batches are written, as the Writer sees it: why not, and since when.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use evidence::Timestamp;
use store::ErrorKind;

use crate::error::Error;
use crate::random;

/// In how many seconds a caller may try again when there is no space.
pub const RETRY_AFTER_S: u32 = 5;

/// What batches fail for, as metrics name it.
pub const CAUSES: [&str; 8] = [
    "storage_full",
    "database_unavailable",
    "outcome_unknown",
    "constraint",
    "tampered",
    "log_tampered",
    "log_rolled_back",
    "other",
];

/// The position of an error in [`CAUSES`].
pub(crate) fn cause(error: &Error) -> usize {
    let name = match error {
        Error::Store(error) => match error.kind {
            ErrorKind::Full => "storage_full",
            ErrorKind::Retry | ErrorKind::Connection => "database_unavailable",
            ErrorKind::Constraint => "constraint",
            _ => "other",
        },
        Error::Unknown(_) => "outcome_unknown",
        error if error.is_tampered() => "tampered",
        Error::Halted(halt) => halt.fault.code(),
        _ => "other",
    };
    let position = CAUSES.iter().position(|cause| *cause == name);
    position.unwrap_or(CAUSES.len() - 1)
}

/// Why batches fail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failing {
    /// `storage_full`, or `write_failed` where it is something else.
    pub code: &'static str,
    /// Since when.
    pub since: Timestamp,
    /// How many failed.
    pub batches: u64,
    /// The last one's error.
    pub message: String,
}

/// Whether batches are written, as the Writer sees it.
#[derive(Debug, Default)]
pub(crate) struct Writes {
    /// Whether `failing` has something: asked after every batch.
    any: AtomicBool,
    failing: Mutex<Option<Failing>>,
    /// Held by whoever tries: once at a time is enough.
    pub trying: tokio::sync::Mutex<()>,
}

impl Writes {
    fn lock(&self) -> MutexGuard<'_, Option<Failing>> {
        self.failing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A batch failed; whether that is worth a log line, which it is not again and again for the same cause.
    pub fn failed(&self, error: &Error) -> bool {
        let code = match error {
            Error::Store(error) if error.kind == ErrorKind::Full => "storage_full",
            Error::Store(error) if error.kind == ErrorKind::Other => "write_failed",
            // That was said when it began; and whoever meets a row that was changed by hand says so.
            Error::Halted(_) | Error::Tampered { .. } | Error::EntryTampered { .. } => return false,
            _ => return true,
        };
        let mut slot = self.lock();
        let known = slot.take().filter(|failing| failing.code == code);
        let news = known.is_none();
        *slot = Some(Failing {
            code,
            since: known.as_ref().map_or_else(random::now, |known| known.since),
            batches: known.map_or(0, |known| known.batches) + 1,
            message: error.to_string(),
        });
        self.any.store(true, Ordering::Release);
        news
    }

    /// A batch was written, or could be.
    pub fn well(&self) {
        if !self.any.load(Ordering::Acquire) {
            return;
        }
        let mut slot = self.lock();
        self.any.store(false, Ordering::Release);
        if let Some(failing) = slot.take() {
            tracing::info!(since = %failing.since, batches = failing.batches, code = failing.code, "batches are written again");
        }
    }

    /// Why batches fail now.
    pub fn failing(&self) -> Option<Failing> {
        self.any
            .load(Ordering::Acquire)
            .then(|| self.lock().clone())
            .flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn store(kind: ErrorKind) -> Error {
        Error::Store(store::Error::new(kind, "why"))
    }

    #[test]
    fn what_fails_is_told_once_and_until_it_is_over() {
        let writes = Writes::default();
        assert!(
            writes.failed(&store(ErrorKind::Constraint)),
            "each is worth a line"
        );
        assert_eq!(writes.failing(), None, "and is the fault of one command");
        let news = [
            ErrorKind::Full,
            ErrorKind::Full,
            ErrorKind::Other,
            ErrorKind::Full,
            ErrorKind::Full,
        ]
        .map(|kind| writes.failed(&store(kind)));
        assert_eq!(news, [true, false, true, true, false]);
        let failing = writes.failing().unwrap();
        assert_eq!((failing.code, failing.batches), ("storage_full", 2));
        writes.well();
        assert_eq!(writes.failing(), None);
        assert!(writes.failed(&store(ErrorKind::Full)), "it begins anew");
    }
}
