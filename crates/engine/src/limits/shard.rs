//! Counters of one part of the subjects, under one lock.

use std::collections::BTreeMap;

use evidence::Timestamp;
use hashbrown::HashTable;

use super::{LimitStats, SHARDS, SUBJECTS_MAX, seconds};

/// Most slots of a shard.
pub(super) const SLOTS_MAX: usize = SUBJECTS_MAX / SHARDS;

/// When a shard is full, one in so many makes room at once, so that looking for them is rare.
const ROOM: usize = 8;

/// Most kinds of subjects told apart in the number of refusals.
const KINDS_MAX: usize = 32;

/// What stands before the first `:` of a subject.
pub(super) fn kind(subject: &str) -> &str {
    match subject.split_once(':') {
        Some((kind, _)) if (1..=32).contains(&kind.len()) && !kind.contains('\0') => kind,
        _ => "other",
    }
}

/// Begin of the window that `now` lies in.
pub(super) fn start(width: i64, now: Timestamp) -> i64 {
    let now = seconds(now);
    now - now.rem_euclid(width)
}

/// Seconds from `now` to `end`, rounded up, at least 1.
pub(super) fn until(end: i64, now: Timestamp) -> u64 {
    let micros = end.saturating_mul(1_000_000).saturating_sub(now.micros());
    u64::try_from(micros).unwrap_or(0).div_ceil(1_000_000).max(1)
}

/// The count of one subject in one window.
#[derive(Debug)]
pub(super) struct Slot {
    hash: u64,
    pub subject: Box<str>,
    /// Width of the window in seconds.
    pub width: i64,
    /// Begin of the window in seconds since 1970.
    pub start: i64,
    /// What the database said last, of all processes.
    pub shared: u64,
    /// Counted here and not in `shared`, on its way to the database or held up.
    pub in_flight: i64,
    /// Counted here since.
    pub delta: i64,
    /// How often `shared` was set by a sync: who read the database meanwhile may have read something older.
    pub synced: u32,
    /// When it was last asked about, in seconds since 1970.
    pub asked: i64,
}

impl Slot {
    /// Takes in this window, of all processes as far as known.
    pub fn used(&self) -> u64 {
        self.shared
            .saturating_add_signed(self.in_flight.saturating_add(self.delta))
    }

    /// Takes note of a total that was read when `synced` was what it is here.
    ///
    /// While counts are on their way the total may have them already. They are then counted once: what others took in
    /// the same moment may be missing until the counts have arrived.
    pub fn read(&mut self, total: u64, synced: u32) {
        self.shared = if self.in_flight == 0 && self.synced == synced {
            total
        } else {
            let others = total.saturating_sub(self.in_flight.max(0).unsigned_abs());
            self.shared.max(others)
        };
    }

    /// End of the window in seconds since 1970.
    pub fn end(&self) -> i64 {
        self.start + self.width
    }

    /// Moves to another window, where nothing is counted yet.
    fn move_to(&mut self, start: i64) {
        self.start = start;
        (self.shared, self.in_flight, self.delta) = (0, 0, 0);
    }

    /// Whether everything counted here is in the database.
    fn is_written(&self) -> bool {
        self.delta == 0 && self.in_flight == 0
    }

    /// Whether `now` lies outside the window, however it got there: a clock that was set back counts too.
    pub fn is_over(&self, now: i64) -> bool {
        now >= self.end() || now < self.start - self.width
    }
}

/// A part of the subjects.
#[derive(Debug, Default)]
pub(super) struct Shard {
    pub slots: HashTable<Slot>,
    refused: BTreeMap<Box<str>, u64>,
    displaced: u64,
    /// The second in which looking for room was in vain: it is not looked for again before the next one.
    full_at: Option<i64>,
    /// Takes allowed without being counted.
    pub uncounted: u64,
}

impl Shard {
    /// The slot of a subject, whatever its window.
    pub fn find(&mut self, hash: u64, subject: &str, width: i64) -> Option<&mut Slot> {
        self.slots
            .find_mut(hash, |slot| slot.width == width && *slot.subject == *subject)
    }

    /// The slot of a subject in the window of `now`, made if it is missing; none when there is no room.
    pub fn slot(&mut self, hash: u64, subject: &str, width: i64, now: Timestamp) -> Option<&mut Slot> {
        let start = start(width, now);
        if self.slots.len() >= SLOTS_MAX && self.find(hash, subject, width).is_none() {
            if self.full_at == Some(seconds(now)) {
                return None;
            }
            self.make_room(seconds(now));
            if self.slots.len() >= SLOTS_MAX {
                self.full_at = Some(seconds(now));
                return None;
            }
        }
        let fits = |slot: &Slot| slot.width == width && *slot.subject == *subject;
        let entry = self.slots.entry(hash, fits, |slot| slot.hash);
        let slot = entry
            .or_insert_with(|| Slot {
                hash,
                subject: subject.into(),
                width,
                start,
                shared: 0,
                in_flight: 0,
                delta: 0,
                synced: 0,
                asked: 0,
            })
            .into_mut();
        // Two threads at the edge of a window may come in the other order: the later window then holds for both.
        if start > slot.start || slot.is_over(seconds(now)) {
            slot.move_to(start);
        }
        slot.asked = seconds(now);
        Some(slot)
    }

    /// Drops what is over, and then those that were not asked about for longest, whose counts are in the database.
    fn make_room(&mut self, now: i64) {
        self.drop_over(now);
        let wanted = (SLOTS_MAX / ROOM).saturating_sub(SLOTS_MAX - self.slots.len());
        let written = self.slots.iter().filter(|slot| slot.is_written());
        let mut asked: Vec<i64> = written.map(|slot| slot.asked).collect();
        if wanted == 0 || asked.is_empty() {
            return;
        }
        let wanted = wanted.min(asked.len());
        let (older, last, _) = asked.select_nth_unstable(wanted - 1);
        // Of those asked about in the same second as the last one that goes, only as many as are wanted.
        let limit = *last;
        let mut ties = wanted - older.iter().filter(|asked| **asked < limit).count();
        self.slots.retain(|slot| {
            let tie = slot.asked == limit && ties > 0;
            let goes = slot.is_written() && (slot.asked < limit || tie);
            ties -= usize::from(goes && tie);
            !goes
        });
        self.displaced += wanted as u64;
    }

    /// Drops the slots whose window is over: whoever is asked about again begins anew anyway.
    pub fn drop_over(&mut self, now: i64) {
        self.slots.retain(|slot| !slot.is_over(now));
    }

    /// Counts a refusal.
    pub fn refuse(&mut self, subject: &str) {
        let kind = kind(subject);
        if let Some(count) = self.refused.get_mut(kind) {
            *count += 1;
        } else {
            let kind = if self.refused.len() < KINDS_MAX {
                kind
            } else {
                "other"
            };
            *self.refused.entry(kind.into()).or_default() += 1;
        }
    }

    /// Adds this shard's numbers.
    pub fn add_to(&self, stats: &mut LimitStats) {
        stats.subjects += self.slots.len();
        stats.displaced += self.displaced;
        stats.uncounted += self.uncounted;
        for (kind, count) in &self.refused {
            *stats.refused.entry(kind.to_string()).or_default() += count;
        }
    }
}
