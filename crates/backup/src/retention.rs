//! Which backups go: decided here, from what lists say and a time.

use std::collections::BTreeSet;

use evidence::time::Timestamp;

use crate::format::Sidecar;

/// Fewest backups that stay, whatever their age.
pub const KEEP_LAST_MIN: u64 = 3;

const DAY: i64 = 86_400 * 1_000_000;

/// How many backups stay, and for how long. A backup stays where one of these wants it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retention {
    /// The newest ones, whatever their age: at least [`KEEP_LAST_MIN`].
    pub last: u64,
    /// All of so many days.
    pub days: u64,
    /// The newest of a day, of so many days that have one.
    pub daily: u64,
    /// The same of weeks, which begin on Monday.
    pub weekly: u64,
    /// The same of months.
    pub monthly: u64,
}

/// Why nothing may go.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Stopped {
    /// The clock, or the one that the newest backup was written by, is wrong.
    #[error(
        "the newest backup is of {newest}, and it is {now}: more than a day away. Either the clock is wrong, or no backup \
         was written lately"
    )]
    Clock {
        /// When the newest one was taken.
        newest: Timestamp,
        /// What the clock says.
        now: Timestamp,
    },
}

/// The day, the week or the month of a time, counted.
fn day(at: Timestamp) -> i64 {
    at.micros().div_euclid(DAY)
}

fn week(at: Timestamp) -> i64 {
    // 1970 began on a Thursday.
    (day(at) + 3).div_euclid(7)
}

fn month(at: Timestamp) -> String {
    at.to_string().chars().take(7).collect()
}

/// Marks the newest of each of the newest `most` periods.
fn keep_each<P: Ord>(
    backups: &[Sidecar],
    period: impl Fn(Timestamp) -> P,
    most: u64,
    kept: &mut BTreeSet<usize>,
) {
    let mut seen = BTreeSet::new();
    for (place, backup) in backups.iter().enumerate() {
        if seen.len() as u64 >= most {
            return;
        }
        if seen.insert(period(backup.snapshot_at)) {
            kept.insert(place);
        }
    }
}

/// Which of these backups of one log go, newest first; they are given newest first.
pub fn to_go<'a>(
    backups: &'a [Sidecar],
    keep: &Retention,
    now: Timestamp,
) -> Result<Vec<&'a Sidecar>, Stopped> {
    let Some(newest) = backups.first().map(|backup| backup.snapshot_at) else {
        return Ok(Vec::new());
    };
    if (now.micros() - newest.micros()).abs() > DAY {
        return Err(Stopped::Clock { newest, now });
    }
    let mut kept: BTreeSet<usize> = BTreeSet::new();
    // The newest that somebody checked, and the newest that holds a sound database.
    kept.extend(backups.iter().position(|backup| backup.verified_at.is_some()));
    kept.extend(backups.iter().position(|backup| !backup.manifest.even_tampered));
    let oldest = i64::try_from(keep.days).map_or(i64::MIN, |days| {
        now.micros().saturating_sub(days.saturating_mul(DAY))
    });
    for (place, backup) in backups.iter().enumerate() {
        let is_last = (place as u64) < keep.last.max(KEEP_LAST_MIN);
        if is_last || backup.snapshot_at.micros() >= oldest {
            kept.insert(place);
        }
    }
    keep_each(backups, day, keep.daily, &mut kept);
    keep_each(backups, week, keep.weekly, &mut kept);
    keep_each(backups, month, keep.monthly, &mut kept);
    let goes = |(place, backup)| (!kept.contains(&place)).then_some(backup);
    Ok(backups.iter().enumerate().filter_map(goes).collect())
}

#[cfg(test)]
#[path = "retention_tests.rs"]
mod tests;
