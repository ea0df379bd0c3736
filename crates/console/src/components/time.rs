//! Times: how long ago within a day, the exact one beside.

use evidence::Timestamp;
use maud::{Markup, html};

use crate::look::Look;

/// How much of a time is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Precision {
    /// How long ago within a day, else the minute.
    Near,
    /// How long ago within a day, else the second.
    NearSecond,
    /// All of it, and how long ago.
    Exact,
}

const SECOND: i64 = 1_000_000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// A time. The exact one, with microseconds and zone, is shown on hover and focus.
pub fn time(look: &Look, at: Timestamp, precision: Precision) -> Markup {
    let (exact, near) = (look.zone.exact(at), relative(look.now.micros() - at.micros()));
    html! {
        @match (precision, &near) {
            (Precision::Exact, Some(near)) => {
                time datetime=(at) { (exact) } " " span.quiet data-near=(at) { "(" (near) ")" }
            }
            (Precision::Exact, None) => { time datetime=(at) { (exact) } }
            (_, Some(near)) => { time datetime=(at) title=(exact) data-near=(at) { (near) } }
            (Precision::Near, None) => { time datetime=(at) title=(exact) { (look.zone.minute(at)) } }
            (Precision::NearSecond, None) => { time datetime=(at) title=(exact) { (look.zone.second(at)) } }
        }
    }
}

/// How long ago, or in how long, within a day. `time.js` says the same.
fn relative(ago: i64) -> Option<String> {
    let (size, ahead) = (ago.unsigned_abs().cast_signed(), ago < 0);
    let words = match size {
        _ if size >= DAY => return None,
        _ if size < SECOND => return Some("now".to_owned()),
        _ if size < MINUTE => format!("{} s", size / SECOND),
        _ if size < HOUR => format!("{} min", size / MINUTE),
        _ => format!("{} h", size / HOUR),
    };
    Some(if ahead {
        format!("in {words}")
    } else {
        format!("{words} ago")
    })
}

/// How long something took: `35 ms`, `1.2 s`, `3 min 5 s`, `2 h 4 min`. Cut, not rounded.
pub fn duration(micros: i64) -> String {
    match micros {
        _ if micros < 1_000 => format!("{micros} µs"),
        _ if micros < SECOND => format!("{} ms", micros / 1_000),
        _ if micros < 10 * SECOND => format!("{}.{} s", micros / SECOND, micros % SECOND / 100_000),
        _ if micros < MINUTE => format!("{} s", micros / SECOND),
        _ if micros < HOUR && micros % MINUTE < SECOND => format!("{} min", micros / MINUTE),
        _ if micros < HOUR => format!("{} min {} s", micros / MINUTE, micros % MINUTE / SECOND),
        _ if micros < DAY => format!("{} h {} min", micros / HOUR, micros % HOUR / MINUTE),
        _ => format!("{} d {} h", micros / DAY, micros % DAY / HOUR),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_cut() {
        for (micros, expected) in [
            (0, "0 µs"),
            (999_999, "999 ms"),
            (1_299_999, "1.2 s"),
            (59 * SECOND, "59 s"),
            (3 * MINUTE, "3 min"),
            (3 * MINUTE + 5 * SECOND, "3 min 5 s"),
            (HOUR + MINUTE, "1 h 1 min"),
            (2 * DAY, "2 d 0 h"),
        ] {
            assert_eq!(duration(micros), expected);
        }
    }

    #[test]
    fn near_times_are_relative() {
        for (ago, expected) in [
            (0, Some("now")),
            (SECOND - 1, Some("now")),
            (59 * SECOND, Some("59 s ago")),
            (-90 * SECOND, Some("in 1 min")),
            (HOUR, Some("1 h ago")),
            (DAY - 1, Some("23 h ago")),
            (DAY, None),
            (i64::MIN + 1, None),
        ] {
            assert_eq!(relative(ago).as_deref(), expected, "{ago}");
        }
    }
}
