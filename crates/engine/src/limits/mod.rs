//! Rate limits and last-seen marks: decided in memory, shared between processes within a second.
//!
//! A count is taken under one of 64 locks and touches no database. A task of the engine (`sync.rs`) adds what was
//! counted to the side tables every 400 ms and reads what other processes counted there. Within a
//! process a quota is exact; over several, up to a second's worth of takes may go beyond it. A database that fails
//! changes nothing about a decision: what is known decides, and what was counted is written later. Where a connection
//! broke while writing, it may be counted twice, never lost.
//!
//! Neither table is sealed: whoever may write to the database may raise a quota or fake a mark, and no permission
//! rests on them.

mod marks;
mod shard;
mod sync;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::hash::{BuildHasher, RandomState};
use std::ops::RangeInclusive;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use evidence::Timestamp;
use sha2::{Digest, Sha256};
use store::Db;
use store::jobs::JobWrite;
pub use store::side::SeenKind;
use store::side::{Root, Write};
use uuid::Uuid;

use crate::clock::Clock;
use crate::writer::errands::Errands;
use marks::Marks;
use shard::{Shard, Slot};

/// Most subjects (each with one width of window) that a process keeps: about 20 MB.
///
/// Beyond it those that were not asked about for longest make room. Nothing is lost by that: their counts are in the
/// database, and asking about one again reads them within a second ([`Limits::load`]: at once). Those whose counts are
/// not written yet stay; where they alone fill the memory, a new subject is allowed without being counted
/// ([`LimitStats::uncounted`]).
pub const SUBJECTS_MAX: usize = 100_000;

/// Longest subject in bytes; of a longer one, and of one with U+0000, the SHA-256 stands in its place.
pub const SUBJECT_BYTES_MAX: usize = 200;

/// Locks among which subjects are spread.
const SHARDS: usize = 64;

/// How many times something may be done in a window of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quota {
    /// How often in each window; 0 allows nothing.
    pub per_window: u64,
    /// Width of the windows in seconds; they begin at its multiples since 1970. 0 counts as 1.
    pub width_s: u32,
}

/// What came of asking.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Taken {
    /// Whether it may be done. [`Limits::peek`]: whether a take would be allowed.
    pub allowed: bool,
    /// How often more in this window.
    pub remaining: u64,
    /// Seconds until the next window begins, rounded up: at least 1.
    pub reset_s: u64,
}

/// What the limits count about themselves, since the start of the process.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LimitStats {
    /// Subjects in memory.
    pub subjects: usize,
    /// Refused takes by kind: what stands before the first `:` of the subject; without one, and beyond 32 kinds, `other`.
    pub refused: BTreeMap<String, u64>,
    /// Subjects that made room for others.
    pub displaced: u64,
    /// Takes allowed without being counted, because the memory was full.
    pub uncounted: u64,
}

/// Rate limits and last-seen marks of an engine. Clones are the same.
#[derive(Clone)]
pub struct Limits {
    inner: Arc<Inner>,
}

/// What clones share.
struct Inner {
    db: Db,
    /// The way over the Writer's connection (SQLite).
    errands: Option<Errands>,
    clock: Clock,
    hasher: RandomState,
    shards: Box<[Mutex<Shard>]>,
    marks: Marks,
    /// Held while syncing, so that no count is written twice.
    side: tokio::sync::Mutex<sync::Side>,
}

/// A shard's lock; nothing under it panics, and counts are right after every step.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The subject as it is kept.
fn bounded(subject: &str) -> Cow<'_, str> {
    if subject.len() <= SUBJECT_BYTES_MAX && !subject.as_bytes().contains(&0) {
        return Cow::Borrowed(subject);
    }
    let kind = shard::kind(subject);
    let digest = evidence::json::hex(&Sha256::digest(subject.as_bytes()));
    Cow::Owned(format!("{kind}:#{digest}"))
}

/// A quota's width in seconds, at least one.
fn width(quota: Quota) -> i64 {
    i64::from(quota.width_s.max(1))
}

fn seconds(now: Timestamp) -> i64 {
    now.micros().div_euclid(1_000_000)
}

impl Limits {
    pub(crate) fn new(db: Db, errands: Option<Errands>, clock: Clock) -> Limits {
        Limits {
            inner: Arc::new(Inner {
                db,
                errands,
                clock,
                hasher: RandomState::new(),
                shards: (0..SHARDS).map(|_| Mutex::default()).collect(),
                marks: Marks::default(),
                side: tokio::sync::Mutex::default(),
            }),
        }
    }

    /// Writes and reads counts from now on, until all clones are gone.
    pub(crate) fn start(&self) {
        tokio::spawn(sync::run(Arc::downgrade(&self.inner)));
    }

    /// Takes one of the quota of `subject` (`key:` and an id, say), unless it is used up: a refused take is not counted.
    ///
    /// `now` is the system's clock. A subject that this process does not know yet begins with its whole quota, and is
    /// read from the database within a second; see [`Limits::load`].
    pub fn take(&self, subject: &str, quota: Quota, now: Timestamp) -> Taken {
        self.ask(subject, quota, now, true)
    }

    /// The same without taking, and without counting a refusal.
    pub fn peek(&self, subject: &str, quota: Quota, now: Timestamp) -> Taken {
        self.ask(subject, quota, now, false)
    }

    fn ask(&self, subject: &str, quota: Quota, now: Timestamp, take: bool) -> Taken {
        let subject = bounded(subject);
        let hash = self.inner.hasher.hash_one(subject.as_bytes());
        let mut shard = lock(self.inner.shard(hash));
        let Some(slot) = shard.slot(hash, &subject, width(quota), now) else {
            shard.uncounted += u64::from(take);
            return Taken {
                allowed: quota.per_window > 0,
                remaining: quota.per_window.saturating_sub(u64::from(take)),
                reset_s: shard::until(shard::start(width(quota), now) + width(quota), now),
            };
        };
        let used = slot.used();
        let allowed = used < quota.per_window;
        let taken = u64::from(take && allowed);
        slot.delta += i64::from(take && allowed);
        let reset_s = shard::until(slot.end(), now);
        if take && !allowed {
            shard.refuse(&subject);
        }
        Taken {
            allowed,
            remaining: quota.per_window.saturating_sub(used + taken),
            reset_s,
        }
    }

    /// Undoes one take: `now` is the take's. Once its window is over, or when nothing is counted, nothing happens.
    pub fn give_back(&self, subject: &str, quota: Quota, now: Timestamp) {
        let subject = bounded(subject);
        let hash = self.inner.hasher.hash_one(subject.as_bytes());
        let mut shard = lock(self.inner.shard(hash));
        if let Some(slot) = shard.find(hash, &subject, width(quota))
            && slot.start == shard::start(width(quota), now)
            && slot.used() > 0
        {
            slot.delta -= 1;
        }
    }

    /// Reads right away what all processes together have counted, so that the next take decides by it.
    ///
    /// False when the database did not answer within 5 s, which is logged: what this process knows by
    /// itself then decides.
    pub async fn load(&self, subjects: &[(String, Quota)]) -> bool {
        match sync::load(&self.inner, subjects).await {
            Ok(()) => true,
            Err(error) => {
                tracing::warn!(%error, "rate counters cannot be read");
                false
            }
        }
    }

    /// Remembers that someone was seen; written every 5 s and when the engine is shut down.
    ///
    /// At most 100,000 wait to be written; further ones are dropped.
    pub fn touch(&self, kind: SeenKind, id: Uuid, at: Timestamp) {
        self.inner.marks.touch(kind, id, at);
    }

    /// Marks someone as seen at once, rather than at the task's next turn.
    pub(crate) async fn mark(&self, kind: SeenKind, id: Uuid, at: Timestamp) -> Result<(), store::Error> {
        sync::mark(&self.inner, (kind, id, at)).await
    }

    /// Writes how a job stands, or who leads; how many rows that changed.
    pub(crate) async fn job(&self, write: JobWrite) -> Result<u64, store::Error> {
        sync::at_once(&self.inner, Write::Job(write)).await
    }

    /// Keeps roots of traces until steps come.
    pub(crate) async fn keep_roots(&self, roots: Vec<Root>) -> Result<(), store::Error> {
        sync::at_once(&self.inner, Write::Roots(roots)).await.map(drop)
    }

    /// Deletes the roots that were kept under these ids.
    pub(crate) async fn forget_roots(&self, ids: RangeInclusive<Uuid>) -> Result<(), store::Error> {
        sync::at_once(&self.inner, Write::Forget(ids)).await.map(drop)
    }

    /// Writes counts and marks now, rather than at the task's next turn.
    pub async fn flush(&self) -> Result<(), store::Error> {
        sync::flush(&self.inner).await
    }

    /// What the limits count about themselves.
    pub fn stats(&self) -> LimitStats {
        let mut stats = LimitStats::default();
        for shard in &self.inner.shards {
            lock(shard).add_to(&mut stats);
        }
        stats
    }
}

impl Inner {
    fn shard(&self, hash: u64) -> &Mutex<Shard> {
        // The table takes its bits from both ends of the hash.
        &self.shards[(hash >> 32) as usize % SHARDS]
    }

    /// The slot of a subject in the window that `start` begins, for what was read or written there.
    fn with_slot(&self, subject: &str, width: i64, start: i64, work: impl FnOnce(&mut Slot)) {
        let hash = self.hasher.hash_one(subject.as_bytes());
        let mut shard = lock(self.shard(hash));
        if let Some(slot) = shard.find(hash, subject, width)
            && slot.start == start
        {
            work(slot);
        }
    }
}
