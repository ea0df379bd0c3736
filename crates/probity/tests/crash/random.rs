//! Randomness for tests: moments and ids.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use uuid::Uuid;

/// A small generator (SplitMix64), different in every run: no two runs kill at the same moments.
pub struct Random(u64);

impl Random {
    /// A generator of its own.
    pub fn new() -> Random {
        Random(RandomState::new().build_hasher().finish())
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number below `bound`.
    pub fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    /// A duration from `from` on and below `to`.
    pub fn between(&mut self, from: Duration, to: Duration) -> Duration {
        let span = u64::try_from(to.saturating_sub(from).as_micros()).unwrap().max(1);
        from + Duration::from_micros(self.below(span))
    }

    /// A fresh id, as an application would make one (UUIDv7).
    pub fn id(&mut self) -> Uuid {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        let bits = u128::from(self.next()) << 64 | u128::from(self.next());
        let mut tail = [0; 10];
        tail.copy_from_slice(&bits.to_be_bytes()[..10]);
        uuid::Builder::from_unix_timestamp_millis(u64::try_from(now.as_millis()).unwrap(), &tail).into_uuid()
    }
}
