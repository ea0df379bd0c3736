//! Counters of the write path: atomics, read as plain numbers.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use store::db::PoolStatus;

use crate::continuity::Fault;
use crate::error::Error;
use crate::writes::{self, CAUSES};

/// Upper bounds of the commit histogram's buckets, in seconds.
pub const COMMIT_BUCKETS_S: [f64; 10] = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 1.0, 5.0];

/// Counters that the Writer keeps.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    pub entries: AtomicU64,
    pub commands: AtomicU64,
    pub refusals: AtomicU64,
    pub batches: AtomicU64,
    pub retries: AtomicU64,
    pub overloaded: AtomicU64,
    /// Whether another process writes too, so that rows are locked.
    pub shared: AtomicBool,
    pub known_hits: AtomicU64,
    pub known_misses: AtomicU64,
    pub moved: AtomicU64,
    pub changed: AtomicU64,
    /// Batches that were decided while another one was in flight.
    pub ahead: AtomicU64,
    flights: AtomicU64,
    flight_micros: AtomicU64,
    pause_micros: AtomicU64,
    failed: [AtomicU64; CAUSES.len()],
    commit: [AtomicU64; COMMIT_BUCKETS_S.len() + 1],
    commit_micros: AtomicU64,
}

/// Adds to a counter.
pub(crate) fn add(counter: &AtomicU64, number: u64) {
    counter.fetch_add(number, Ordering::Relaxed);
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

impl Counters {
    /// Counts a flight, and the pause since the one before, where something waited.
    pub fn flight(&self, elapsed: Duration, pause: Duration) {
        add(&self.flights, 1);
        add(&self.flight_micros, micros(elapsed));
        add(&self.pause_micros, micros(pause));
    }

    /// Counts a batch that was not written.
    pub fn batch_failed(&self, error: &Error) {
        add(&self.failed[writes::cause(error)], 1);
    }

    /// Counts a batch that took `elapsed` from begin to commit.
    pub fn batch(&self, elapsed: Duration) {
        add(&self.batches, 1);
        let seconds = elapsed.as_secs_f64();
        let bucket = COMMIT_BUCKETS_S
            .iter()
            .position(|bound| seconds <= *bound)
            .unwrap_or(COMMIT_BUCKETS_S.len());
        add(&self.commit[bucket], 1);
        add(&self.commit_micros, micros(elapsed));
    }
}

/// The numbers at one moment.
#[derive(Clone, Debug, PartialEq)]
pub struct Metrics {
    /// Entries appended by this process.
    pub entries_appended: u64,
    /// Commands carried out or refused.
    pub commands: u64,
    /// Commands refused.
    pub refusals: u64,
    /// Batches committed.
    pub batches: u64,
    /// Batches tried again after a conflict with another process.
    pub retries: u64,
    /// Commands turned away because the queue was full.
    pub overloaded: u64,
    /// Whether another process writes too, so that rows are locked.
    pub shared: bool,
    /// Look-ups of rows that were known.
    pub known_hits: u64,
    /// Look-ups of rows that had to be read.
    pub known_misses: u64,
    /// Batches decided again, since another process had moved the head.
    pub moved: u64,
    /// Batches decided again, since a row that was known had been changed by hand.
    pub changed: u64,
    /// Batches that were decided while another one was in flight.
    pub ahead: u64,
    /// Batches that were sent to the database.
    pub flights: u64,
    /// For how long they were on their way, in seconds.
    pub flight_seconds_sum: f64,
    /// For how long nothing was on its way while something waited to be sent, in seconds.
    pub pause_seconds_sum: f64,
    /// Batches that failed, by what for, in the order of [`CAUSES`].
    pub batches_failed: [u64; CAUSES.len()],
    /// Batches by duration, not cumulated; the last bucket is beyond [`COMMIT_BUCKETS_S`].
    pub commit_buckets: [u64; COMMIT_BUCKETS_S.len() + 1],
    /// Sum of the durations, in seconds.
    pub commit_seconds_sum: f64,
    /// Entries waiting for the Writer.
    pub queue_length: u64,
    /// Most entries that may wait.
    pub queue_max: u64,
    /// Why nothing is written.
    pub fault: Option<Fault>,
    /// Size of the log as last seen.
    pub log_size: u64,
    /// The pool of reading connections.
    pub pool: PoolStatus,
}

impl Metrics {
    pub(crate) fn read(
        counters: &Counters,
        queue_length: u64,
        queue_max: u64,
        log_size: u64,
        fault: Option<Fault>,
        pool: PoolStatus,
    ) -> Metrics {
        let get = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let seconds = |counter: &AtomicU64| Duration::from_micros(get(counter)).as_secs_f64();
        Metrics {
            entries_appended: get(&counters.entries),
            commands: get(&counters.commands),
            refusals: get(&counters.refusals),
            batches: get(&counters.batches),
            retries: get(&counters.retries),
            overloaded: get(&counters.overloaded),
            shared: counters.shared.load(Ordering::Relaxed),
            known_hits: get(&counters.known_hits),
            known_misses: get(&counters.known_misses),
            moved: get(&counters.moved),
            changed: get(&counters.changed),
            ahead: get(&counters.ahead),
            flights: get(&counters.flights),
            flight_seconds_sum: seconds(&counters.flight_micros),
            pause_seconds_sum: seconds(&counters.pause_micros),
            batches_failed: std::array::from_fn(|cause| get(&counters.failed[cause])),
            commit_buckets: std::array::from_fn(|bucket| get(&counters.commit[bucket])),
            commit_seconds_sum: seconds(&counters.commit_micros),
            queue_length,
            queue_max,
            fault,
            log_size,
            pool,
        }
    }
}
