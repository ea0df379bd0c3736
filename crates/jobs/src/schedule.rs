//! When a job is due: values in, a time out. No clock is read here.
//!
//! An expression of cron names times as clocks on a wall show them. Each of them is one moment: one that a zone skips, when
//! its clocks go forward, is the end of the gap, and one that comes twice, when they go back, is the first. So what is due
//! in such an hour runs once.

use std::fmt;

use croner::Cron;
use croner::parser::{CronParser, Seconds, Year};
use evidence::time::Timestamp;
use jiff::tz::{TimeZone, TimeZoneDatabase};
use serde::{Deserialize, Serialize};

use domain::upkeep::RunOutcome;
use engine::upkeep::JobRow;

/// An hour, in microseconds.
const HOUR: i64 = 3_600_000_000;

/// Up to when the times of a schedule are covered is believed so far ahead of the clock: two processes' clocks may differ,
/// and what is further ahead was written while one was wrong.
const AHEAD_MAX: i64 = 24 * HOUR;

/// Most times of an expression that are shown twice, one after the other: the minutes of a day that came twice.
const TRIES_MAX: usize = 1_440;

/// A zone of the IANA database, such as `Europe/Berlin`. The database comes with the program.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Zone(TimeZone);

impl From<Zone> for String {
    fn from(zone: Zone) -> String {
        zone.to_string()
    }
}

impl Default for Zone {
    fn default() -> Zone {
        Zone(TimeZone::UTC)
    }
}

impl TryFrom<String> for Zone {
    type Error = String;

    fn try_from(name: String) -> Result<Zone, String> {
        let found = TimeZoneDatabase::bundled().get(&name);
        let unknown =
            |_| format!("{name:?} is no zone: name one of the IANA database, such as UTC or Europe/Berlin");
        found.map(Zone).map_err(unknown)
    }
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.iana_name().unwrap_or("UTC"))
    }
}

/// An expression of cron in five parts: minute, hour, day of the month, month, day of the week.
#[derive(Clone, Debug)]
pub struct Expression {
    text: String,
    cron: Cron,
}

impl PartialEq for Expression {
    fn eq(&self, other: &Expression) -> bool {
        self.text == other.text
    }
}

impl Eq for Expression {}

impl TryFrom<String> for Expression {
    type Error = String;

    fn try_from(text: String) -> Result<Expression, String> {
        let parser = CronParser::builder()
            .seconds(Seconds::Disallowed)
            .year(Year::Disallowed);
        let parsed = parser.build().parse(&text);
        let wrong =
            |error| format!("{text:?} is no expression of cron ({error}): use one such as \"0 2 * * *\"");
        let cron = parsed.map_err(wrong)?;
        Ok(Expression { text, cron })
    }
}

impl fmt::Display for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Expression {
    /// The first moment after this one that the expression names; none where it names no more.
    pub fn after(&self, zone: &Zone, after: Timestamp) -> Option<Timestamp> {
        let start = jiff::Timestamp::from_microsecond(after.micros()).ok()?;
        let mut shown = start.to_zoned(zone.0.clone()).datetime();
        for _ in 0..TRIES_MAX {
            shown = self.cron.find_next_occurrence(&shown, false).ok()?;
            let moment = moment(&zone.0, shown)?;
            // What is shown for the second time was due when it was shown for the first.
            if moment > start {
                return Timestamp::from_micros(moment.as_microsecond());
            }
        }
        None
    }
}

/// The moment at which clocks on a wall show this.
fn moment(zone: &TimeZone, shown: jiff::civil::DateTime) -> Option<jiff::Timestamp> {
    let ambiguous = zone.to_ambiguous_timestamp(shown);
    if let jiff::tz::AmbiguousOffset::Gap { before, .. } = ambiguous.offset() {
        // By the clock before the gap it lies behind its begin, so that the next change but one is not meant.
        let within = before.to_timestamp(shown).ok()?;
        let begin = zone
            .preceding(within + jiff::SignedDuration::from_micros(1))
            .next()?;
        return Some(begin.timestamp());
    }
    ambiguous.earlier().ok()
}

/// When a job is due.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum When {
    /// Whenever an expression names a time of a zone.
    At(Box<Expression>, Zone),
    /// So often that never more than so many hours go by, in idle time where there is any.
    Within(u64),
    /// When somebody asks for it, for this reason.
    Asked(&'static str),
}

impl When {
    /// When the next run is due, by what is known of the job. Of one that waits for idle time: when it waits no longer.
    pub fn next(&self, row: &JobRow, now: Timestamp) -> Option<Timestamp> {
        let waits = row.asked_at.is_some() || row.outcome == Some(RunOutcome::BrokenOff);
        if waits {
            return Some(now);
        }
        let done_to = believed(row.done_to, now);
        match self {
            When::At(expression, zone) => expression.after(zone, done_to),
            When::Within(hours) => later(done_to, part(*hours, 3)),
            When::Asked(_) => None,
        }
    }

    /// Whether a run is due.
    pub fn is_due(&self, row: &JobRow, now: Timestamp, idle: bool) -> bool {
        if self.next(row, now).is_some_and(|next| next <= now) {
            return true;
        }
        match self {
            When::Within(hours) if idle => {
                later(believed(row.done_to, now), part(*hours, 2)).is_some_and(|from| from <= now)
            }
            _ => false,
        }
    }
}

/// Up to when the times of a schedule are covered once a run begins now.
pub fn done_to(row: &JobRow, now: Timestamp) -> Timestamp {
    believed(row.done_to, now).max(now)
}

fn believed(done_to: Timestamp, now: Timestamp) -> Timestamp {
    let ahead = done_to.micros().saturating_sub(now.micros());
    if ahead > AHEAD_MAX { now } else { done_to }
}

/// So many quarters of so many hours.
fn part(hours: u64, quarters: i64) -> i64 {
    let hours = i64::try_from(hours).unwrap_or(i64::MAX / HOUR);
    hours.saturating_mul(HOUR) / 4 * quarters
}

fn later(at: Timestamp, micros: i64) -> Option<Timestamp> {
    Timestamp::from_micros(at.micros().checked_add(micros)?)
}

#[cfg(test)]
#[path = "schedule_tests.rs"]
mod tests;
