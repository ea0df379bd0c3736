//! Times: microseconds since the Unix epoch, printed as RFC 3339 in UTC with six fractional digits.

mod parse;

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A moment: microseconds since 1970-01-01T00:00:00Z, between the years 0001 and 9999.
///
/// The text form is RFC 3339 in UTC with exactly six fractional digits, so that equal times are equal
/// bytes and sort as text. Parsing takes any RFC 3339 offset and any number of fractional digits; what is finer
/// than a microsecond is cut off. A leap second is kept as the last microsecond before it: the count since the epoch
/// has no place for it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

/// Why a text is no time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidTimestamp {
    /// It does not look like one.
    #[error("not an RFC 3339 time such as 2026-11-21T08:30:00.123456Z")]
    Shape,
    /// A comma instead of the point.
    #[error("not an RFC 3339 time: fractions of a second follow a point, not a comma")]
    Comma,
    /// Neither `Z` nor an offset.
    #[error("not an RFC 3339 time: it must end with Z, or with an offset such as +02:00")]
    NoOffset,
    /// An offset without its colon.
    #[error("not an RFC 3339 time: an offset has hours, a colon and minutes, such as +05:30")]
    OffsetColon,
    /// An offset of a day and more.
    #[error("not an RFC 3339 time: an offset is at most 23:59")]
    OffsetRange,
    /// No such month.
    #[error("not an RFC 3339 time: months are 01 to 12")]
    Month,
    /// No such day.
    #[error("not an RFC 3339 time: its month has no such day")]
    Day,
    /// No such hour.
    #[error("not an RFC 3339 time: hours are 00 to 23")]
    Hour,
    /// No such minute.
    #[error("not an RFC 3339 time: minutes are 00 to 59")]
    Minute,
    /// No such second.
    #[error("not an RFC 3339 time: seconds are 00 to 59, or 60 for a leap second")]
    Second,
    /// The second 60 of a minute that had none.
    #[error("not an RFC 3339 time: there was no leap second then, so seconds are 00 to 59")]
    LeapSecond,
    /// Out of bounds.
    #[error("not an RFC 3339 time between the years 0001 and 9999 (in UTC)")]
    Years,
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for Timestamp {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Time".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string",
            "format": "date-time",
            "description": "RFC 3339, between the years 0001 and 9999. Taken with any offset, `T` and `Z` in either case, \
                            and any number of fractional digits, of which six are kept; given in UTC with six. A leap \
                            second is kept as the last microsecond before it.",
            "examples": ["2026-11-21T08:30:00.123456Z"],
        })
    }
}

const MICROS_MIN: i64 = -62_135_596_800_000_000; // 0001-01-01T00:00:00Z
const MICROS_MAX: i64 = 253_402_300_799_999_999; // 9999-12-31T23:59:59.999999Z

impl Timestamp {
    /// The epoch, 1970-01-01T00:00:00Z.
    pub const EPOCH: Timestamp = Timestamp(0);
    /// Length of the text form in bytes.
    pub const TEXT_LEN: usize = 27;

    /// A time from microseconds since the epoch; `None` outside the years 0001 to 9999.
    pub fn from_micros(micros: i64) -> Option<Timestamp> {
        (MICROS_MIN..=MICROS_MAX)
            .contains(&micros)
            .then_some(Timestamp(micros))
    }

    /// Microseconds since the epoch.
    pub fn micros(self) -> i64 {
        self.0
    }

    /// This time moved by `seconds`, held inside the years 0001 to 9999.
    #[must_use]
    pub fn plus_seconds(self, seconds: i64) -> Timestamp {
        Timestamp(
            self.0
                .saturating_add(seconds.saturating_mul(1_000_000))
                .clamp(MICROS_MIN, MICROS_MAX),
        )
    }

    /// Appends the text form.
    pub fn write(self, out: &mut String) {
        let days = self.0.div_euclid(86_400_000_000);
        let micros_of_day = self.0.rem_euclid(86_400_000_000);
        let (year, month, day) = civil_from_days(days);
        let (seconds, micros) = (micros_of_day / 1_000_000, micros_of_day % 1_000_000);
        let mut text = *b"0000-00-00T00:00:00.000000Z";
        let pairs = [
            (0, year / 100),
            (2, year % 100),
            (5, month),
            (8, day),
            (11, seconds / 3_600),
            (14, seconds / 60 % 60),
            (17, seconds % 60),
            (20, micros / 10_000),
            (22, micros / 100 % 100),
            (24, micros % 100),
        ];
        for (at, value) in pairs {
            // Always 0 to 99, and so two digits.
            let value = u8::try_from(value).unwrap_or_default();
            text[at] += value / 10;
            text[at + 1] += value % 10;
        }
        // Digits are ASCII; an empty text would only show a bug.
        out.push_str(std::str::from_utf8(&text).unwrap_or_default());
    }
}

/// Proleptic Gregorian date of a day number counted from 1970-01-01.
///
/// Years are counted from March, so that the leap day is the last of its year (the usual era method:
/// 146,097 days in 400 years).
fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 {
        month_from_march + 3
    } else {
        month_from_march - 9
    };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::with_capacity(Self::TEXT_LEN);
        self.write(&mut text);
        f.write_str(&text)
    }
}

impl FromStr for Timestamp {
    type Err = InvalidTimestamp;

    fn from_str(text: &str) -> Result<Self, InvalidTimestamp> {
        parse::micros(text).map(Timestamp)
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl serde::de::Visitor<'_> for Visitor {
            type Value = Timestamp;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an RFC 3339 time such as \"2026-11-21T08:30:00.123456Z\"")
            }
            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Timestamp, E> {
                text.parse().map_err(E::custom)
            }
        }
        deserializer.deserialize_str(Visitor)
    }
}

/// Reads a time in exactly the form that [`Timestamp`] prints, for files whose every shown digit is checked:
/// anything finer than a microsecond would be cut off unseen.
pub(crate) fn exact<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Timestamp, D::Error> {
    use serde::de::Error as _;
    let text = String::deserialize(deserializer)?;
    let time: Timestamp = text.parse().map_err(D::Error::custom)?;
    if time.to_string() == text {
        Ok(time)
    } else {
        Err(D::Error::custom(InvalidTimestamp::Shape))
    }
}

/// As [`exact`], for a member that may be absent.
pub(crate) fn exact_option<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Timestamp>, D::Error> {
    #[derive(Deserialize)]
    struct Exact(#[serde(deserialize_with = "exact")] Timestamp);
    Ok(Option::<Exact>::deserialize(deserializer)?.map(|time| time.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn text_round_trips_and_sorts(a in MICROS_MIN..=MICROS_MAX, b in MICROS_MIN..=MICROS_MAX) {
            let (a, b) = (Timestamp(a), Timestamp(b));
            prop_assert_eq!(a.to_string().parse::<Timestamp>().unwrap(), a);
            prop_assert_eq!(a.to_string().len(), Timestamp::TEXT_LEN);
            prop_assert_eq!(a.to_string().cmp(&b.to_string()), a.cmp(&b));
        }
    }
}
