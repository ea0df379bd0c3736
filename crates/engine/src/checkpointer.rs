//! Keeps SQLite's WAL short while the engine is open, on a thread of its own.

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

fn run(shared: &Weak<Shared>, mut checkpointer: Checkpointer, mut done: u64) {
    let mut last = Instant::now();
    loop {
        std::thread::sleep(EVERY);
        let Some(shared) = shared.upgrade() else { return };
        let size = *shared.size.borrow();
        drop(shared);
        let written = size.saturating_sub(done);
        if written >= ENTRIES || (written > 0 && last.elapsed() >= TIME) {
            if let Err(error) = checkpointer.run() {
                tracing::warn!(%error, "the WAL was not checkpointed");
            }
            done = size;
            last = Instant::now();
        }
    }
}
