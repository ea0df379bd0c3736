//! How fast the log is read while others append to it.
//!
//! A machine has few processors, and on PostgreSQL the processes that read are of the same priority as those that write. So
//! the log is read some times faster than it grows, and not as fast as it can be: that leaves room, and still ends.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How a whole log is read: some times faster than it grows, so that what came meanwhile is two thirds as much each time, and at
/// least so many entries a second.
pub const TO_ITS_END: (f64, f64) = (1.5, 20_000.0);

/// Growth, in entries a second, up to which nobody has to be given room.
const QUIET: f64 = 1_000.0;

/// How often growth is measured.
const MEASURED_EVERY: Duration = Duration::from_millis(100);

/// The pace of all threads together.
pub struct Pace {
    faster: f64,
    least: f64,
    state: Mutex<State>,
}

struct State {
    measured: Instant,
    size: u64,
    /// Entries a second by which the log grows.
    growth: f64,
    /// When the next part is to be read.
    due: Instant,
}

impl Pace {
    /// Of a log that has this size now: it is read so many times faster than it grows, and at least so many entries a second.
    pub fn new((faster, least): (f64, f64), size: u64, now: Instant) -> Pace {
        let state = Mutex::new(State {
            measured: now,
            size,
            growth: 0.0,
            due: now,
        });
        Pace { faster, least, state }
    }

    /// How long to wait after so many entries were read, where the log has this size now.
    pub fn rest(&self, read: u64, size: u64, now: Instant) -> Duration {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let passed = now.saturating_duration_since(state.measured);
        if passed >= MEASURED_EVERY {
            state.growth = per_second(size.saturating_sub(state.size), passed);
            (state.measured, state.size) = (now, size);
        }
        state.due = if state.growth <= QUIET {
            now
        } else {
            let rate = (self.faster * state.growth).max(self.least);
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
        read_by(TO_ITS_END, growth, each)
    }

    fn read_by(how: (f64, f64), growth: u64, each: u64) -> u64 {
        let begin = Instant::now();
        let pace = Pace::new(how, 0, begin);
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
        // What need not come to an end soon goes by its own rate, however fast the log grows.
        let slow = read_by((0.0, 10_000.0), 30_000, 10);
        assert!((10_000..15_000).contains(&slow), "{slow}");
    }
}
