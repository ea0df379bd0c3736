//! How fast the log is read while others append to it.
//!
//! A machine has few processors, and on PostgreSQL the processes that read are of the same priority as those that write. So
//! the log is read some times faster than it grows, and not as fast as it can be: that leaves room, and still ends.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How many times faster it is read than it grows. What came meanwhile is two thirds as much each time.
const FASTER: f64 = 1.5;

/// Growth, in entries a second, up to which nobody has to be given room.
const QUIET: f64 = 1_000.0;

/// Entries a second that are read at least.
const LEAST: f64 = 20_000.0;

/// How often growth is measured.
const MEASURED_EVERY: Duration = Duration::from_millis(100);

/// The pace of all threads together.
pub(super) struct Pace(Mutex<State>);

struct State {
    measured: Instant,
    size: u64,
    /// Entries a second by which the log grows.
    growth: f64,
    /// When the next part is to be read.
    due: Instant,
}

impl Pace {
    /// Of a log that has this size now.
    pub fn new(size: u64, now: Instant) -> Pace {
        Pace(Mutex::new(State {
            measured: now,
            size,
            growth: 0.0,
            due: now,
        }))
    }

    /// How long to wait after so many entries were read, where the log has this size now.
    pub fn rest(&self, read: u64, size: u64, now: Instant) -> Duration {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let passed = now.saturating_duration_since(state.measured);
        if passed >= MEASURED_EVERY {
            state.growth = per_second(size.saturating_sub(state.size), passed);
            (state.measured, state.size) = (now, size);
        }
        state.due = if state.growth <= QUIET {
            now
        } else {
            let rate = (FASTER * state.growth).max(LEAST);
            now.max(state.due + Duration::from_secs_f64(as_f64(read) / rate))
        };
        state.due.saturating_duration_since(now)
    }
}

fn per_second(count: u64, passed: Duration) -> f64 {
    as_f64(count) / passed.as_secs_f64()
}

#[expect(clippy::cast_precision_loss, reason = "counts of entries are far below 2^52")]
fn as_f64(count: u64) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads parts of 4,096 for ten seconds of a log that grows so fast, each in so many milliseconds; entries a second.
    fn read(growth: u64, each: u64) -> u64 {
        let begin = Instant::now();
        let pace = Pace::new(0, begin);
        let (mut passed, mut read) = (Duration::ZERO, 0);
        while passed < Duration::from_secs(10) {
            passed += Duration::from_millis(each);
            read += 4_096;
            let size = growth * u64::try_from(passed.as_millis()).unwrap() / 1_000;
            passed += pace.rest(4_096, size, begin + passed);
        }
        read / 10
    }

    #[test]
    fn a_log_is_read_faster_than_it_grows() {
        // Nobody, or hardly anybody, appends: as fast as it goes.
        assert_eq!(read(0, 10), 409_600);
        assert_eq!(read(1_000, 10), 409_600);
        // The first tenth of a second goes before anything is known.
        let paced = |growth, at_least| {
            let read = read(growth, 10);
            assert!(
                (at_least..at_least + at_least / 4).contains(&read),
                "{growth}: {read}"
            );
        };
        paced(1_100, 20_000);
        paced(10_000, 20_000);
        paced(30_000, 45_000);
        // What takes its time anyway need not wait.
        assert_eq!(read(30_000, 100), 40_960);
    }
}
