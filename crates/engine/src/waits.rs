//! Waiting until an approval is decided: whoever waits is woken at once by what this process writes, and by what others
//! write with the next look at the log's head.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use domain::approval::Approval;
use domain::record::Record as _;
use store::Conn;
use tokio::sync::Notify;
use uuid::Uuid;

use crate::error::Error;

/// Most who wait at once; whoever comes then is answered at once.
pub const WAITERS_MAX: usize = 1_000;

/// Approvals whose rows are looked at together.
const CHUNK: usize = 500;

/// Who waits for which approval.
#[derive(Default)]
pub(crate) struct Waits {
    count: AtomicUsize,
    waiting: Mutex<HashMap<Uuid, Arc<Notify>>>,
}

/// One who waits.
pub(crate) struct Waiter {
    waits: Arc<Waits>,
    approval: Uuid,
    /// Says when the approval was written.
    pub woken: Arc<Notify>,
}

impl Waits {
    fn waiting(&self) -> MutexGuard<'_, HashMap<Uuid, Arc<Notify>>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many wait.
    pub fn count(&self) -> usize {
        self.count.load(Ordering::Relaxed)
    }

    /// A place among those who wait; none where all are taken.
    pub fn join(self: &Arc<Waits>, approval: Uuid) -> Option<Waiter> {
        let taken = |count| (count < WAITERS_MAX).then_some(count + 1);
        self.count
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, taken)
            .ok()?;
        let woken = Arc::clone(self.waiting().entry(approval).or_default());
        Some(Waiter {
            waits: Arc::clone(self),
            approval,
            woken,
        })
    }

    /// Wakes those who wait for the approvals among rows that were written.
    pub fn written<'a>(&self, rows: impl Iterator<Item = (&'a str, Uuid)>) {
        if self.count() == 0 {
            return;
        }
        let waiting = self.waiting();
        for (_, id) in rows.filter(|(table, _)| *table == Approval::TABLE.name) {
            if let Some(woken) = waiting.get(&id) {
                woken.notify_waiters();
            }
        }
    }

    /// Wakes those whose approvals entries from this index on have written, whichever process did.
    pub async fn look(&self, conn: &mut Conn, since: u64) -> Result<(), Error> {
        if self.count() == 0 {
            return Ok(());
        }
        let ids: Vec<Uuid> = self.waiting().keys().copied().collect();
        for ids in ids.chunks(CHUNK) {
            let written = store::approvals::written_since(conn, since, ids).await?;
            self.written(written.into_iter().map(|id| (Approval::TABLE.name, id)));
        }
        Ok(())
    }
}

impl Drop for Waiter {
    fn drop(&mut self) {
        let mut waiting = self.waits.waiting();
        // The map's and this one: nobody else waits for it.
        if Arc::strong_count(&self.woken) == 2 {
            waiting.remove(&self.approval);
        }
        self.waits.count.fetch_sub(1, Ordering::Relaxed);
    }
}
