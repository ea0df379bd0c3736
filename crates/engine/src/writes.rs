//! Whether batches can be written: why not, since when, and whether they can again.
//!
//! A batch that fails for want of space, or in a way that only the operator can mend, makes the service not ready. It is
//! ready again as soon as a batch is written, or a trial shows that one could be: a service that is not ready is
//! sent no requests, so it must not wait for one.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use evidence::Timestamp;
use store::ErrorKind;

use crate::engine::{Engine, Shared};
use crate::error::Error;
use crate::health::{Health, HealthCheck};
use crate::random;

/// How often it is tried again while batches fail.
const EVERY: Duration = Duration::from_secs(1);

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
        Error::Tampered { .. } => "tampered",
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
    trying: tokio::sync::Mutex<()>,
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
            // That was said when it began.
            Error::Halted(_) => return false,
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

impl Engine {
    /// Why batches fail now, where they do.
    pub fn failing(&self) -> Option<Failing> {
        self.shared().writes.failing()
    }

    /// Whether the service can do its work, tried by writing something that is rolled back.
    pub async fn check_up(&self) -> Health {
        let mut health = self.health().await;
        if self.failing().is_none() {
            let tried = store::trial::run(self.db()).await;
            health.checks.retain(|check| check.name != NAME);
            health.checks.push(tried_check(tried));
            health.ready = health.checks.iter().all(|check| check.ok);
        }
        health
    }

    /// The check of what is written to; while batches fail it is tried whether they still do.
    pub(crate) async fn storage_check(&self) -> HealthCheck {
        let shared = self.shared();
        if shared.writes.failing().is_some() {
            try_again(shared).await;
        }
        match shared.writes.failing() {
            None => well("batches are written"),
            Some(failing) => {
                let detail = format!(
                    "since {} batches fail ({} so far): {}",
                    failing.since, failing.batches, failing.message
                );
                unwell(failing.code, detail)
            }
        }
    }
}

/// Name of the check.
const NAME: &str = "storage";

fn well(detail: &str) -> HealthCheck {
    HealthCheck::new(NAME, true, detail)
}

fn unwell(code: &'static str, detail: String) -> HealthCheck {
    HealthCheck {
        code: Some(code),
        ..HealthCheck::new(NAME, false, detail)
    }
}

/// What a trial says of the storage.
fn tried_check(tried: Result<(), store::Error>) -> HealthCheck {
    let Err(error) = tried else {
        return well("a trial could write");
    };
    if error.kind == ErrorKind::Retry {
        return well("another process is writing");
    }
    let code = if error.kind == ErrorKind::Full {
        "storage_full"
    } else {
        "write_failed"
    };
    unwell(code, error.to_string())
}

async fn try_again(shared: &Shared) {
    let Ok(_alone) = shared.writes.trying.try_lock() else {
        return;
    };
    if store::trial::run(&shared.db).await.is_ok() {
        shared.writes.well();
    }
}

/// Tries again every second while batches fail, until the engine is gone.
pub(crate) async fn run(shared: Weak<Shared>) {
    loop {
        tokio::time::sleep(EVERY).await;
        let Some(shared) = shared.upgrade() else { return };
        if shared.writes.failing().is_some() {
            try_again(&shared).await;
        }
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
