//! Values of options, from text.

use domain::identity::Role;
use domain::own_id;
use evidence::Timestamp;
use evidence::json::StrictObject;
use evidence::payload::DragMode;
use evidence::time::InvalidTimestamp;
use jiff::{SignedDuration, Timestamp as Moment};
use uuid::Uuid;

/// Now, in microseconds. The command line is where the clock is read; what it decides on is passed on as a value.
pub fn now() -> Timestamp {
    timestamp(Moment::now())
}

fn timestamp(moment: Moment) -> Timestamp {
    Timestamp::from_micros(moment.as_microsecond()).unwrap_or(Timestamp::EPOCH)
}

/// `90d`, `12h`, `30m`, `45s` or `2w`.
fn duration(text: &str) -> Option<SignedDuration> {
    let unit = text.chars().last()?;
    let number: i64 = text[..text.len() - unit.len_utf8()].parse().ok()?;
    let seconds = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3_600,
        'd' => 86_400,
        'w' => 604_800,
        _ => return None,
    };
    (number >= 0)
        .then(|| number.checked_mul(seconds).map(SignedDuration::from_secs))
        .flatten()
}

/// The largest number of rows that can be asked for, which is as good as none.
pub const ALL: u64 = u32::MAX as u64;

/// A whole number within bounds.
pub fn number<T: TryFrom<u64>, const MIN: u64, const MAX: u64>(text: &str) -> Result<T, String> {
    let number = text
        .parse()
        .ok()
        .filter(|number| (MIN..=MAX).contains(number))
        .and_then(|number| T::try_from(number).ok());
    number.ok_or_else(|| match MAX {
        u64::MAX | ALL => format!("must be a whole number from {MIN} on"),
        _ => format!("must be a whole number from {MIN} to {MAX}"),
    })
}

/// A length of time in seconds: 90d, 12h, 30m, 45s or 2w.
pub fn seconds(text: &str) -> Result<i64, String> {
    duration(text)
        .map(|duration| duration.as_secs())
        .ok_or_else(|| "use 24h, 7d, 30m or 45s".into())
}

/// A time as it is written, a date, or what `relative` makes of the text; `others` says what that takes.
fn time(text: &str, relative: impl FnOnce() -> Option<Timestamp>, others: &str) -> Result<Timestamp, String> {
    let why = match text.parse() {
        Ok(time) => return Ok(time),
        Err(why) => why,
    };
    let date = || format!("{text}T00:00:00Z").parse().ok();
    date().or_else(relative).ok_or_else(|| {
        // What has a time of day was meant as RFC 3339: then its own mistake is printout.
        if why == InvalidTimestamp::Shape || !text.contains(':') {
            format!("use 2026-11-21T08:30:00Z, 2026-11-21, or {others}")
        } else {
            format!("is {why}")
        }
    })
}

/// A time in the past: RFC 3339, a date (UTC), or how long ago.
pub fn past(text: &str) -> Result<Timestamp, String> {
    let ago = || {
        duration(text)
            .and_then(|duration| Moment::now().checked_sub(duration).ok())
            .map(timestamp)
    };
    time(text, ago, "2h or 7d for so long ago")
}

/// A time to come: RFC 3339, a date (UTC), or in how long.
pub fn future(text: &str) -> Result<Timestamp, String> {
    let ahead = || {
        duration(text)
            .and_then(|duration| Moment::now().checked_add(duration).ok())
            .map(timestamp)
    };
    time(text, ahead, "90d for so long from now")
}

/// An id.
pub fn id(text: &str) -> Result<Uuid, &'static str> {
    own_id::parse(text).ok_or(own_id::MUST)
}

/// A JSON object.
pub fn object(text: &str) -> Result<StrictObject, String> {
    serde_json::from_str(text).map_err(|error| format!("must be a JSON object: {error}"))
}

/// A DRAG mode.
pub fn drag_mode(word: &str) -> Result<DragMode, String> {
    DragMode::parse(word).ok_or_else(|| {
        let known = DragMode::ALL.map(DragMode::as_str).join(", ");
        format!("must be one of {known}")
    })
}

/// `KIND:ID` or `KIND`. A kind may hold `::` (as in `AWS::S3::Bucket`), so the first single colon divides.
pub fn kind_and_id(text: &str) -> (&str, Option<&str>) {
    let bytes = text.as_bytes();
    let single = |position: &usize| {
        let at = |position: usize| bytes.get(position) == Some(&b':');
        at(*position) && !at(position + 1) && (*position == 0 || !at(position - 1))
    };
    match (0..bytes.len()).find(single) {
        Some(colon) => (&text[..colon], Some(&text[colon + 1..])),
        None => (text, None),
    }
}

/// A role's name; whether there is such a role, the rules say.
pub fn role(text: &str) -> Result<Role, String> {
    Role::parse(text).ok_or_else(|| "is no name of a role: see probity role list".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_and_ids() {
        for (text, expected) in [
            ("order:42", ("order", Some("42"))),
            ("order", ("order", None)),
            ("order:", ("order", Some(""))),
            ("bucket:arn:aws:s3:::b", ("bucket", Some("arn:aws:s3:::b"))),
            (
                "AWS::S3::Bucket:arn:aws:s3:::b",
                ("AWS::S3::Bucket", Some("arn:aws:s3:::b")),
            ),
            ("AWS::S3::Bucket", ("AWS::S3::Bucket", None)),
        ] {
            assert_eq!(kind_and_id(text), expected, "{text}");
        }
    }

    #[test]
    fn times() {
        let micros = |text: &str| past(text).unwrap().micros();
        assert_eq!(micros("1970-01-02"), 86_400_000_000);
        assert_eq!(micros("1970-01-01T00:00:01+00:00"), 1_000_000);
        let hour = 3_600_000_000;
        assert!((now().micros() - micros("2h") - 2 * hour).abs() < hour);
        assert!((future("1d").unwrap().micros() - now().micros() - 24 * hour).abs() < hour);
        for text in [
            "",
            "h",
            "-2h",
            "2x",
            "yesterday",
            "99999999999999999w",
            "2026-13-01",
            "é",
        ] {
            assert!(past(text).is_err() && future(text).is_err(), "{text}");
        }
        for (text, reason) in [
            ("2026-11-21T08:30:00+24:00", "at most 23:59"),
            ("2026-11-21T08:30:00,5Z", "comma"),
            ("2026-11-21T10:00:60Z", "leap second"),
            ("2026-11-21T08:30:00", "must end with Z"),
            ("2026-11-21 08:30:00Z", "use 2026-11-21T08:30:00Z"),
            ("2026-02-30", "use 2026-11-21T08:30:00Z"),
        ] {
            let error = past(text).unwrap_err();
            assert!(error.contains(reason) && future(text).is_err(), "{text}: {error}");
        }
        assert_eq!(
            past("9999-12-31t23:59:59z").unwrap().to_string(),
            "9999-12-31T23:59:59.000000Z"
        );
        assert_eq!((seconds("24h"), seconds("0s")), (Ok(86_400), Ok(0)));
        assert!(seconds("2026-11-21").is_err());
    }
}
