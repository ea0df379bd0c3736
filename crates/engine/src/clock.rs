//! The clock that the log goes by.
//!
//! Along the log time never goes back. So one entry that is written while the system's clock is a year ahead gives its
//! time to every entry of the next year. Therefore the wall clock is held against a steady one, which nobody sets: where
//! the two part by more than an hour, the alarm is raised at once, and the log goes on by the steady clock. What the
//! wall clock says is believed again when it is put right, or when it has stood by what it says for a while.

mod state;
pub(crate) mod watch;

use std::fmt;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use evidence::Timestamp;

use state::{Newest, State};

pub use state::{Alarm, BEHIND_S, BELIEVED_AFTER, JUMP_S};

/// What the two clocks say at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reading {
    /// The wall clock, which may be set.
    pub wall: Timestamp,
    /// The steady clock, from some moment on: it is never set, and goes on while the machine sleeps.
    pub steady: Duration,
}

/// A wall clock that is not believed when it jumps. Clones are the same clock.
#[derive(Clone)]
pub struct Clock {
    hands: Arc<Hands>,
    newest: Arc<Mutex<Newest>>,
}

/// What all who go by a clock share.
struct Hands {
    read: Box<dyn Fn() -> Reading + Send + Sync>,
    state: Mutex<State>,
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Clock")
    }
}

impl Clock {
    /// The process's own.
    pub fn system() -> Clock {
        static SYSTEM: LazyLock<Clock> = LazyLock::new(|| Clock::of(system));
        SYSTEM.clone()
    }

    /// One that reads its time elsewhere.
    pub fn of(read: impl Fn() -> Reading + Send + Sync + 'static) -> Clock {
        let hands = Hands {
            read: Box::new(read),
            state: Mutex::default(),
        };
        Clock {
            hands: Arc::new(hands),
            newest: Arc::default(),
        }
    }

    /// One that stands where it is set, for programs that try what time does: the steady clock goes with it, so that no
    /// setting is a jump. Gives the clock and what sets it.
    pub fn set_by_hand(start: Timestamp) -> (Clock, impl Fn(Timestamp) + Clone) {
        let micros = Arc::new(AtomicI64::new(start.micros()));
        let shared = Arc::clone(&micros);
        let clock = Clock::of(move || {
            let micros = shared.load(Ordering::SeqCst);
            Reading {
                wall: Timestamp::from_micros(micros).unwrap_or(Timestamp::EPOCH),
                steady: Duration::from_micros(u64::try_from(micros).unwrap_or(0)),
            }
        });
        (clock, move |time: Timestamp| {
            micros.store(time.micros(), Ordering::SeqCst);
        })
    }

    /// The same clock for another log: what its newest entry is, is its own matter.
    #[must_use]
    pub fn for_log(&self) -> Clock {
        Clock {
            hands: Arc::clone(&self.hands),
            newest: Arc::default(),
        }
    }

    /// The time to go by.
    pub fn now(&self) -> Timestamp {
        self.hands.with(State::look)
    }

    /// The time since some moment, by the steady clock.
    pub fn steady(&self) -> Duration {
        (self.hands.read)().steady
    }

    /// Tells of the newest entry's time, which the clock should not be behind.
    pub fn saw(&self, newest: Timestamp) {
        let now = self.now();
        let mut known = locked(&self.newest);
        known.saw(newest);
        known.hold(now);
    }

    /// What is wrong with the clock now.
    pub fn alarm(&self) -> Option<Alarm> {
        let (now, jumped) = self
            .hands
            .with(|state, reading| (state.look(reading), state.jumped()));
        let mut newest = locked(&self.newest);
        newest.hold(now);
        jumped.or_else(|| newest.behind())
    }

    /// How often it has jumped since the process began.
    pub fn jumps(&self) -> u64 {
        self.hands.with(|state, _| state.jumps())
    }
}

impl Hands {
    /// The clocks are read under the lock, so that the state sees them in order.
    fn with<T>(&self, act: impl FnOnce(&mut State, Reading) -> T) -> T {
        let mut state = locked(&self.state);
        act(&mut state, (self.read)())
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn system() -> Reading {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let wall = i64::try_from(since.as_micros())
        .ok()
        .and_then(Timestamp::from_micros)
        .unwrap_or(Timestamp::EPOCH);
    Reading {
        wall,
        steady: steady(),
    }
}

/// The time since the machine was started, sleep included.
#[cfg(target_os = "linux")]
fn steady() -> Duration {
    let since = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
    Duration::try_from(since).unwrap_or_default()
}

/// The time since this was first asked.
#[cfg(not(target_os = "linux"))]
fn steady() -> Duration {
    static START: LazyLock<std::time::Instant> = LazyLock::new(std::time::Instant::now);
    START.elapsed()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_system_clocks_go_on() {
        let first = system();
        let second = system();
        assert!(first.wall > Timestamp::EPOCH && second.steady >= first.steady);
        let clock = Clock::system();
        assert!(clock.now() > Timestamp::EPOCH);
        assert_eq!(clock.jumps(), Clock::system().jumps());
    }
}
