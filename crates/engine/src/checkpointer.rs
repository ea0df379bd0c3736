//! Keeps SQLite's WAL short while the engine is open, on a thread of its own.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use store::db::Location;
use store::sqlite::checkpoint::Checkpointer;

use crate::engine::Shared;
use crate::error::Error;

/// Entries after which a checkpoint is due: some 4,000 pages.
const ENTRIES: u64 = 3_000;
/// Time after which one is due when anything was written.
const TIME: Duration = Duration::from_secs(2);
/// How often to look.
const EVERY: Duration = Duration::from_millis(20);

/// Starts the thread where the database is SQLite; it ends with the engine.
pub(crate) fn start(shared: &Arc<Shared>) -> Result<(), Error> {
    let Location::Sqlite(path) = &shared.options.database.location else {
        return Ok(());
    };
    let checkpointer = Checkpointer::new(path);
    let size = *shared.size.borrow();
    let shared = Arc::downgrade(shared);
    std::thread::Builder::new()
        .name("checkpoint".to_owned())
        .spawn(move || run(&shared, checkpointer, size))
        .map(drop)
        .map_err(|error| {
            Error::problem(
                format!("cannot start a thread: {error}"),
                "check the operating system's limits",
            )
        })
}

/// Leaves the file as the whole database, where this process wrote and nobody else is in the way.
pub(crate) async fn end(shared: &Shared) {
    let Location::Sqlite(path) = &shared.options.database.location else {
        return;
    };
    if shared.counters.entries.load(Ordering::Relaxed) == 0 {
        return;
    }
    let mut checkpointer = Checkpointer::new(path);
    let emptied = tokio::task::spawn_blocking(move || checkpointer.empty()).await;
    if let Ok(Err(error)) = emptied {
        tracing::warn!(%error, "the WAL was not emptied");
    }
}

fn run(shared: &Weak<Shared>, mut checkpointer: Checkpointer, mut done: u64) {
    let (mut last, mut all) = (Instant::now(), true);
    loop {
        std::thread::sleep(EVERY);
        let Some(shared) = shared.upgrade() else { return };
        let size = *shared.size.borrow();
        drop(shared);
        let written = size.saturating_sub(done);
        if written >= ENTRIES || ((written > 0 || !all) && last.elapsed() >= TIME) {
            all = checkpointer.run().unwrap_or_else(|error| {
                tracing::warn!(%error, "the WAL was not checkpointed");
                true
            });
            done = size;
            last = Instant::now();
        }
    }
}
