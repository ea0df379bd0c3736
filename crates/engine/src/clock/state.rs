//! What is believed of the clock, decided from what it says.

use std::fmt;
use std::time::Duration;

use evidence::Timestamp;

use super::Reading;

/// How far the wall clock may part from the steady one between two looks before it is a jump, in seconds.
pub const JUMP_S: i64 = 3_600;
/// How long a clock that jumped must stand by what it says before it is believed.
pub const BELIEVED_AFTER: Duration = Duration::from_mins(10);
/// How far the clock may be behind the newest entry without alarm, in seconds: clocks of two machines differ a little.
pub const BEHIND_S: i64 = 10;

const MICROS_PER_SECOND: i64 = 1_000_000;

/// What is wrong with the clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Alarm {
    /// It is not where it should be by the steady clock.
    Jumped {
        /// By how much, in seconds: below zero where it is behind.
        by_s: i64,
        /// Since when, as the log has it.
        since: Timestamp,
    },
    /// It is behind the newest entry.
    Behind {
        /// By how much, in seconds.
        by_s: i64,
        /// The newest entry's time.
        newest: Timestamp,
    },
}

impl Alarm {
    /// Tells one alarm from another: how far the clock is behind changes with every look, and is no news.
    pub(super) fn began(self) -> (bool, Timestamp) {
        match self {
            Alarm::Jumped { since, .. } => (true, since),
            Alarm::Behind { newest, .. } => (false, newest),
        }
    }
}

impl fmt::Display for Alarm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Alarm::Jumped { by_s, since } => {
                let direction = if *by_s < 0 { "back" } else { "ahead" };
                write!(
                    f,
                    "the clock jumped {direction} by {} s at {since}; entries go by the steady clock until it is put \
                     right, or has stood by that for {} minutes",
                    by_s.unsigned_abs(),
                    BELIEVED_AFTER.as_secs() / 60
                )
            }
            Alarm::Behind { by_s, newest } => write!(
                f,
                "the clock is {by_s} s behind the newest entry: entries get that one's time, {newest}, until it has \
                 caught up"
            ),
        }
    }
}

#[derive(Clone, Copy, Debug)]
struct Jump {
    by: i64,
    /// By the steady clock.
    since: Duration,
    /// By the time that is gone by.
    at: Timestamp,
}

/// What is known of the two clocks.
#[derive(Debug, Default)]
pub(super) struct State {
    /// The last reading that was believed.
    believed: Option<Reading>,
    jump: Option<Jump>,
    jumps: u64,
}

/// What is known of the newest entry of a log.
#[derive(Debug, Default)]
pub(super) struct Newest {
    at: Option<Timestamp>,
    /// By how many seconds the clock is behind it, where that is too much.
    behind_s: Option<i64>,
}

fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}

impl State {
    /// The time to go by, now that the clocks say this.
    pub fn look(&mut self, reading: Reading) -> Timestamp {
        let Some(believed) = self.believed else {
            return self.believe(reading);
        };
        let passed = micros(reading.steady.saturating_sub(believed.steady));
        let expected =
            Timestamp::from_micros(believed.wall.micros().saturating_add(passed)).unwrap_or(believed.wall);
        let by = reading.wall.micros() - expected.micros();
        if by.abs() <= JUMP_S * MICROS_PER_SECOND {
            if let Some(jump) = self.jump.take() {
                let by_s = jump.by / MICROS_PER_SECOND;
                tracing::warn!(by_s, "the clock is where it should be again");
            }
            return self.believe(reading);
        }
        match self.jump {
            Some(jump) if (by - jump.by).abs() <= JUMP_S * MICROS_PER_SECOND => {
                if reading.steady.saturating_sub(jump.since) >= BELIEVED_AFTER {
                    self.jump = None;
                    let by_s = by / MICROS_PER_SECOND;
                    tracing::warn!(by_s, "the clock stands by its jump and is believed from here on");
                    return self.believe(reading);
                }
            }
            _ => {
                self.jump = Some(Jump {
                    by,
                    since: reading.steady,
                    at: expected,
                });
                self.jumps += 1;
                if let Some(alarm) = self.jumped() {
                    tracing::error!("{alarm}; look at the machine's time service");
                }
            }
        }
        expected
    }

    fn believe(&mut self, reading: Reading) -> Timestamp {
        self.believed = Some(reading);
        reading.wall
    }

    /// How it jumped, while that is neither undone nor believed.
    pub fn jumped(&self) -> Option<Alarm> {
        self.jump.map(|jump| Alarm::Jumped {
            by_s: jump.by / MICROS_PER_SECOND,
            since: jump.at,
        })
    }

    /// How often the clock has jumped.
    pub fn jumps(&self) -> u64 {
        self.jumps
    }
}

impl Newest {
    /// Takes notice of an entry.
    pub fn saw(&mut self, at: Timestamp) {
        self.at = self.at.max(Some(at));
    }

    /// Holds the time against the newest entry's.
    pub fn hold(&mut self, now: Timestamp) {
        let behind = self.at.map_or(0, |newest| newest.micros() - now.micros());
        let was_behind = self.behind_s.is_some();
        self.behind_s = Some(behind / MICROS_PER_SECOND).filter(|seconds| *seconds > BEHIND_S);
        match (was_behind, self.behind()) {
            (false, Some(alarm)) => tracing::error!("{alarm}; look at the machines' time services"),
            (true, None) => tracing::warn!("the clock has caught up with the newest entry"),
            _ => {}
        }
    }

    /// How far the clock was behind it when they were last held against each other.
    pub fn behind(&self) -> Option<Alarm> {
        let newest = self.at?;
        self.behind_s.map(|by_s| Alarm::Behind { by_s, newest })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: i64 = 1_790_000_000;
    const YEAR: i64 = 31_536_000;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_micros((START + seconds) * MICROS_PER_SECOND).unwrap()
    }

    /// A clock that is looked at so many seconds after its start, when it says so many.
    struct Watched(State);

    impl Watched {
        fn new() -> Watched {
            let mut watched = Watched(State::default());
            assert_eq!(watched.look(0, 0), 0);
            watched
        }

        fn look(&mut self, steady: u64, wall: i64) -> i64 {
            let reading = Reading {
                wall: at(wall),
                steady: Duration::from_secs(1_000 + steady),
            };
            self.0.look(reading).micros() / MICROS_PER_SECOND - START
        }

        fn jumped_by(&self) -> Option<i64> {
            self.0.jumped().map(|alarm| match alarm {
                Alarm::Jumped { by_s, .. } => by_s,
                Alarm::Behind { .. } => panic!("{alarm}"),
            })
        }
    }

    #[test]
    fn small_steps_and_long_silences_are_believed() {
        let mut clock = Watched::new();
        // Slewed, stepped by up to an hour either way, looked at after a week.
        for (steady, wall) in [(1, 2), (2, 3_602), (3, 3), (604_800, 604_900), (604_801, 601_301)] {
            assert_eq!(clock.look(steady, wall), wall);
            assert_eq!(clock.jumped_by(), None, "{wall}");
        }
        assert_eq!(clock.0.jumps(), 0);
    }

    #[test]
    fn a_jump_raises_the_alarm_before_it_is_believed() {
        for by in [3_601, YEAR, -3_601, -YEAR] {
            let mut clock = Watched::new();
            assert_eq!(clock.look(1, 1), 1);
            assert_eq!(clock.look(2, 2 + by), 2, "the steady clock is gone by");
            assert_eq!(clock.jumped_by(), Some(by));
            assert_eq!(clock.look(601, 601 + by), 601);
            assert_eq!((clock.jumped_by(), clock.0.jumps()), (Some(by), 1), "one alarm");
            assert_eq!(
                clock.look(602, 602 + by),
                602 + by,
                "it stood by that for ten minutes"
            );
            assert_eq!(clock.jumped_by(), None);
            assert_eq!(clock.look(603, 603 + by), 603 + by);
        }
    }

    #[test]
    fn a_clock_that_is_put_right_leaves_nothing() {
        let mut clock = Watched::new();
        assert_eq!(clock.look(2, 2 + YEAR), 2);
        assert_eq!(clock.look(500, 510), 510);
        assert_eq!(clock.jumped_by(), None);
        // The ten minutes begin anew with each jump, and with each other place that it jumps to.
        assert_eq!(clock.look(550, 550 + YEAR), 560);
        assert_eq!(clock.look(1_000, 1_000 + 2 * YEAR), 1_010);
        assert_eq!(clock.look(1_200, 1_200 + 2 * YEAR), 1_210);
        assert_eq!(clock.look(1_599, 1_599 + 2 * YEAR), 1_609);
        assert_eq!(clock.look(1_600, 1_600 + 2 * YEAR), 1_600 + 2 * YEAR);
        assert_eq!(clock.0.jumps(), 3);
    }

    #[test]
    fn a_clock_behind_the_newest_entry_raises_the_alarm() {
        let mut newest = Newest::default();
        newest.hold(at(0));
        assert_eq!(newest.behind(), None);
        newest.saw(at(11));
        newest.hold(at(1));
        assert_eq!(newest.behind(), None, "ten seconds are no matter");
        newest.saw(at(100));
        newest.hold(at(2));
        let alarm = Alarm::Behind {
            by_s: 98,
            newest: at(100),
        };
        assert_eq!(newest.behind(), Some(alarm));
        assert!(alarm.to_string().contains("98 s behind"), "{alarm}");
        newest.saw(at(50));
        newest.hold(at(3));
        assert!(newest.behind().is_some(), "an older entry is not the newest");
        newest.hold(at(90));
        assert_eq!(newest.behind(), None, "it has caught up");
    }
}
