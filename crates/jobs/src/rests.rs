//! How long a verification rests, to make room for those who write, while there are any.
//!
//! What the log has at the beginning is read slowly: it is there for long, and need not be read at once. What comes meanwhile
//! is read faster than it comes, or it would never end.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use backup::pace::{Pace, TO_ITS_END};
use engine::verify::{ENTRIES, VerifyProgress};
use tokio::sync::watch;

/// Entries a second that are read at least while others write.
const VERIFIED: f64 = 5_000.0;

/// How many times a verification could be done within its time, at least, once it has begun.
const TIMES_WITHIN: u64 = 8;

/// The rests of one verification.
pub struct Rests {
    slow: Pace,
    fast: Pace,
    /// Entries that were read when it was last asked.
    before: AtomicU64,
    /// How many are read at first; 0 until that is known.
    first: AtomicU64,
}

impl Rests {
    /// Of a log that has this size now, and is verified within so many hours.
    pub fn new(size: u64, within_h: u64, now: Instant) -> Rests {
        let within = Duration::from_secs(within_h.max(1) * 3_600 / TIMES_WITHIN);
        #[expect(clippy::cast_precision_loss, reason = "counts of entries are far below 2^52")]
        let rate = VERIFIED.max(size as f64 / within.as_secs_f64());
        let [slow, fast] = [(0.0, rate), TO_ITS_END].map(|how| Pace::new(how, size, now));
        Rests {
            slow,
            fast,
            before: AtomicU64::new(0),
            first: AtomicU64::new(0),
        }
    }

    /// Rests when it is so far, in a log of this size. Nobody who writes waits for its end: the size is let go before.
    pub fn pause(&self, at: VerifyProgress, size: &watch::Receiver<u64>, sleep: impl FnOnce(Duration)) {
        let size = *size.borrow();
        sleep(self.rest(at, size, Instant::now()));
    }

    /// How long to rest when it is so far, where the log has this size now.
    fn rest(&self, at: VerifyProgress, size: u64, now: Instant) -> Duration {
        if at.what != ENTRIES {
            return Duration::ZERO;
        }
        let read = at
            .done
            .saturating_sub(self.before.swap(at.done, Ordering::Relaxed));
        let known = self
            .first
            .compare_exchange(0, at.total, Ordering::Relaxed, Ordering::Relaxed);
        let pace = match known {
            Err(first) if at.total > first => &self.fast,
            _ => &self.slow,
        };
        pace.rest(read, size, now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    /// Reads a log of this size in chunks of 4,096, each in 5 ms, while it grows by so many entries a millisecond: how long what
    /// was there took, and then what came meanwhile.
    fn read(size: u64, growth: u64) -> [Duration; 2] {
        let begin = Instant::now();
        let rests = Rests::new(size, 24, begin);
        let (mut passed, mut done) = (Duration::ZERO, 0);
        let grown = |passed: Duration| size + growth * u64::try_from(passed.as_millis()).unwrap();
        let mut to = |total: u64, passed: &mut Duration| {
            while done < total {
                *passed += 5 * MS;
                done += 4_096;
                let what = ENTRIES;
                *passed += rests.rest(
                    VerifyProgress { done, total, what },
                    grown(*passed),
                    begin + *passed,
                );
            }
        };
        to(size, &mut passed);
        let slowly = passed;
        let meanwhile = grown(passed);
        to(meanwhile, &mut passed);
        [slowly, passed.saturating_sub(slowly)]
    }

    #[test]
    fn those_who_write_have_room() {
        // Nobody writes: 245 chunks of 5 ms.
        assert_eq!(read(1_000_000, 0), [245 * 5 * MS, Duration::ZERO]);
        // At 30,000 entries a second what was there is read at 5,000, and what came at 45,000.
        let [slowly, then] = read(1_000_000, 30);
        assert!((160_000 * MS..201_000 * MS).contains(&slowly), "{slowly:?}");
        let came = slowly * 30 / 45;
        assert!((came * 19 / 20..came * 21 / 20).contains(&then), "{then:?}");
        // A large log has to end within three hours.
        let [slowly, _] = read(300_000_000, 30);
        assert!((10_500_000 * MS..10_900_000 * MS).contains(&slowly), "{slowly:?}");
    }

    #[test]
    fn nobody_who_writes_waits_for_the_end_of_a_rest() {
        let (writer, size) = watch::channel(1_000_000);
        let rests = Rests::new(1_000_000, 24, Instant::now());
        let (told, heard) = std::sync::mpsc::channel();
        let at = VerifyProgress {
            done: 4_096,
            total: 1_000_000,
            what: ENTRIES,
        };
        rests.pause(at, &size, |_| {
            std::thread::spawn(move || told.send(writer.send_replace(1_000_001)));
            let before = heard.recv_timeout(Duration::from_secs(30));
            assert_eq!(before, Ok(1_000_000), "the writer still waits");
        });
    }

    #[test]
    fn rows_are_read_without_a_rest() {
        let now = Instant::now();
        let rests = Rests::new(0, 0, now);
        let at = VerifyProgress {
            done: 1_000,
            total: 1_000,
            what: "users",
        };
        assert_eq!(rests.rest(at, 1_000_000, now + 1_000 * MS), Duration::ZERO);
    }
}
