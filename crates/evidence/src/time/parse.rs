//! Reading RFC 3339, each mistake with its own reason.

use super::{InvalidTimestamp, MICROS_MAX, MICROS_MIN};

use InvalidTimestamp::{
    Comma, Day, Hour, LeapSecond, Minute, Month, NoOffset, OffsetColon, OffsetRange, Second, Shape, Years,
};

const MICROS_PER_SECOND: i64 = 1_000_000;
const SECONDS_PER_DAY: i64 = 86_400;

/// The days (UTC) that ended with a leap second, as year and whether it was in June: those that the IERS has announced
/// in its Bulletin C until July 2026. All others were on the last day of December.
const LEAP_SECONDS: [(i64, bool); 27] = [
    (1972, true),
    (1972, false),
    (1973, false),
    (1974, false),
    (1975, false),
    (1976, false),
    (1977, false),
    (1978, false),
    (1979, false),
    (1981, true),
    (1982, true),
    (1983, true),
    (1985, true),
    (1987, false),
    (1989, false),
    (1990, false),
    (1992, true),
    (1993, true),
    (1994, true),
    (1995, false),
    (1997, true),
    (1998, false),
    (2005, false),
    (2008, false),
    (2012, true),
    (2015, true),
    (2016, false),
];

/// What is left of a text.
struct Rest<'a>(&'a [u8]);

impl Rest<'_> {
    /// A number of exactly `width` digits.
    fn number(&mut self, width: usize) -> Result<i64, InvalidTimestamp> {
        let digits = self.0.get(..width).ok_or(Shape)?;
        self.0 = &self.0[width..];
        digits.iter().try_fold(0, |number, byte| {
            let digit = byte
                .is_ascii_digit()
                .then(|| i64::from(byte - b'0'))
                .ok_or(Shape)?;
            Ok(number * 10 + digit)
        })
    }

    /// One of these characters.
    fn one_of(&mut self, allowed: &[u8]) -> Result<u8, InvalidTimestamp> {
        match self.0.split_first() {
            Some((byte, rest)) if allowed.contains(byte) => {
                self.0 = rest;
                Ok(*byte)
            }
            _ => Err(Shape),
        }
    }

    /// The microseconds of a fraction with its point, if there is one; what is finer is cut off.
    fn fraction(&mut self) -> Result<i64, InvalidTimestamp> {
        if self.0.first() == Some(&b',') {
            return Err(Comma);
        }
        if self.one_of(b".").is_err() {
            return Ok(0);
        }
        let digits = self.0.iter().take_while(|byte| byte.is_ascii_digit()).count();
        if digits == 0 {
            return Err(Shape);
        }
        let (fraction, rest) = self.0.split_at(digits);
        self.0 = rest;
        let padded = fraction.iter().copied().chain(std::iter::repeat(b'0'));
        Ok(padded
            .take(6)
            .fold(0, |micros, byte| micros * 10 + i64::from(byte - b'0')))
    }

    /// The offset from UTC in seconds, and nothing after it.
    fn offset(&mut self) -> Result<i64, InvalidTimestamp> {
        let sign = match self.0.split_first() {
            None => return Err(NoOffset),
            Some((b'Z' | b'z', [])) => return Ok(0),
            Some((b'+', rest)) => {
                self.0 = rest;
                1
            }
            Some((b'-', rest)) => {
                self.0 = rest;
                -1
            }
            Some(_) => return Err(Shape),
        };
        let all_digits = self.0.iter().all(u8::is_ascii_digit);
        if all_digits && matches!(self.0.len(), 2 | 4) {
            return Err(OffsetColon);
        }
        let hours = self.number(2)?;
        self.one_of(b":")?;
        let minutes = self.number(2)?;
        if !self.0.is_empty() {
            return Err(Shape);
        }
        if hours > 23 || minutes > 59 {
            return Err(OffsetRange);
        }
        Ok(sign * (hours * 3_600 + minutes * 60))
    }
}

/// Microseconds since the epoch.
pub(super) fn micros(text: &str) -> Result<i64, InvalidTimestamp> {
    let mut rest = Rest(text.as_bytes());
    let year = rest.number(4)?;
    rest.one_of(b"-")?;
    let month = rest.number(2)?;
    rest.one_of(b"-")?;
    let day = rest.number(2)?;
    rest.one_of(b"Tt")?;
    let hour = rest.number(2)?;
    rest.one_of(b":")?;
    let minute = rest.number(2)?;
    rest.one_of(b":")?;
    let second = rest.number(2)?;
    let fraction = rest.fraction()?;
    let offset = rest.offset()?;
    check(&[
        (hour, 0, 23, Hour),
        (minute, 0, 59, Minute),
        (second, 0, 60, Second),
        (month, 1, 12, Month),
    ])?;
    check(&[(day, 1, days_in(year, month), Day)])?;
    let days = days_from_civil(year, month, day);
    let minutes = days * SECONDS_PER_DAY + hour * 3_600 + minute * 60 - offset;
    let micros = if second == 60 {
        leap_second(minutes)?
    } else {
        (minutes + second) * MICROS_PER_SECOND + fraction
    };
    if (MICROS_MIN..=MICROS_MAX).contains(&micros) {
        Ok(micros)
    } else {
        Err(Years)
    }
}

fn check(parts: &[(i64, i64, i64, InvalidTimestamp)]) -> Result<(), InvalidTimestamp> {
    let wrong = parts
        .iter()
        .find(|(value, least, most, _)| value < least || value > most);
    wrong.map_or(Ok(()), |(.., why)| Err(*why))
}

/// The leap second after the minute that begins at `minute`, in seconds since the epoch: that count has no place for it.
/// It is kept as the last microsecond before it, so that it stays in its day and in order.
fn leap_second(minute: i64) -> Result<i64, InvalidTimestamp> {
    let end = minute + 60;
    let (year, month, day) = super::civil_from_days(end.div_euclid(SECONDS_PER_DAY));
    let announced = end.rem_euclid(SECONDS_PER_DAY) == 0
        && day == 1
        && match month {
            1 => LEAP_SECONDS.contains(&(year - 1, false)),
            7 => LEAP_SECONDS.contains(&(year, true)),
            _ => false,
        };
    if announced {
        Ok(end * MICROS_PER_SECOND - 1)
    } else {
        Err(LeapSecond)
    }
}

fn days_in(year: i64, month: i64) -> i64 {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// The day number, counted from 1970-01-01, of a date: the inverse of [`super::civil_from_days`].
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let month_from_march = (month + 9) % 12;
    let day_of_year = (153 * month_from_march + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

#[cfg(test)]
mod tests {
    use super::super::Timestamp;
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_is_taken() {
        let long = format!("2026-11-21T08:30:00.{}Z", "9".repeat(10_000));
        for (text, expected) in [
            ("2026-11-21T08:30:00.123456Z", "2026-11-21T08:30:00.123456Z"),
            ("2026-11-21T08:30:00Z", "2026-11-21T08:30:00.000000Z"),
            ("2026-11-21t08:30:00z", "2026-11-21T08:30:00.000000Z"),
            ("2026-11-21T10:30:00.5+02:00", "2026-11-21T08:30:00.500000Z"),
            ("2026-11-21T08:30:00-00:00", "2026-11-21T08:30:00.000000Z"),
            ("2026-11-21T08:30:00+23:59", "2026-11-20T08:31:00.000000Z"),
            ("2024-02-29T23:59:59.999999999Z", "2024-02-29T23:59:59.999999Z"),
            ("2024-02-29T23:59:59.0000009999Z", "2024-02-29T23:59:59.000000Z"),
            (&long, "2026-11-21T08:30:00.999999Z"),
            ("1969-12-31T23:59:59.999999Z", "1969-12-31T23:59:59.999999Z"),
            ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00.000000Z"),
            ("0000-12-31T23:59:59-00:01", "0001-01-01T00:00:59.000000Z"),
            ("9999-12-31T23:59:59Z", "9999-12-31T23:59:59.000000Z"),
            ("9999-12-31T23:59:59.9999999Z", "9999-12-31T23:59:59.999999Z"),
            ("9999-12-31T23:59:59+23:59", "9999-12-31T00:00:59.000000Z"),
            // Leap seconds.
            ("2016-12-31T23:59:60Z", "2016-12-31T23:59:59.999999Z"),
            ("2016-12-31T23:59:60.75Z", "2016-12-31T23:59:59.999999Z"),
            ("2017-01-01T00:59:60+01:00", "2016-12-31T23:59:59.999999Z"),
            ("1972-06-30T23:59:60Z", "1972-06-30T23:59:59.999999Z"),
        ] {
            let read = text.parse::<Timestamp>().map(|time| time.to_string());
            assert_eq!(read.as_deref(), Ok(expected), "{}", &text[..text.len().min(40)]);
        }
    }

    #[test]
    fn what_is_refused_has_its_own_reason() {
        for (text, why) in [
            ("", Shape),
            ("now", Shape),
            ("2026-11-21", Shape),
            ("2026-11-21 08:30:00Z", Shape),
            ("2026-11-21T08:30Z", Shape),
            ("2026-11-21T08:30:00.Z", Shape),
            ("2026-11-21T08:30:00Z ", Shape),
            ("2026-11-21T08:30:00Z[UTC]", Shape),
            ("2026-11-21T08:30:00+02:00[Europe/Berlin]", Shape),
            ("2026-11-21T08:30:00 +02:00", Shape),
            ("2026-11-21T08:30:00+2:00", Shape),
            ("2026-11-21T08:30:00\u{2212}02:00", Shape),
            ("12026-11-21T08:30:00Z", Shape),
            ("+2026-11-21T08:30:00Z", Shape),
            ("٢٠٢٦-11-21T08:30:00Z", Shape),
            ("2026-11-21T08:30:00", NoOffset),
            ("2026-11-21T08:30:00.5", NoOffset),
            ("2026-11-21T08:30:00,5Z", Comma),
            ("2026-11-21T08:30:00+0530", OffsetColon),
            ("2026-11-21T08:30:00-05", OffsetColon),
            ("2026-11-21T08:30:00+24:00", OffsetRange),
            ("2026-11-21T08:30:00-24:00", OffsetRange),
            ("2026-11-21T08:30:00+05:60", OffsetRange),
            ("2026-02-30T00:00:00Z", Day),
            ("2026-02-29T00:00:00Z", Day),
            ("1900-02-29T00:00:00Z", Day),
            ("2026-04-31T00:00:00Z", Day),
            ("2026-11-00T00:00:00Z", Day),
            ("2026-00-01T00:00:00Z", Month),
            ("2026-13-01T00:00:00Z", Month),
            ("2026-11-21T24:00:00Z", Hour),
            ("2026-11-21T08:60:00Z", Minute),
            ("2026-11-21T08:30:61Z", Second),
            ("2026-11-21T10:00:60Z", LeapSecond),
            ("2026-06-30T23:59:60Z", LeapSecond),
            ("2016-12-31T22:59:60Z", LeapSecond),
            ("2016-12-31T23:59:60+01:00", LeapSecond),
            ("2016-06-30T23:59:60Z", LeapSecond),
            ("0000-12-31T23:59:59Z", Years),
            ("0001-01-01T00:00:00+00:01", Years),
            ("9999-12-31T23:59:59-00:01", Years),
        ] {
            assert_eq!(text.parse::<Timestamp>(), Err(why), "{text}");
        }
    }

    #[test]
    fn the_leap_seconds_are_twenty_seven() {
        let taken = (1900..2100).flat_map(|year| [format!("{year}-06-30"), format!("{year}-12-31")]);
        let taken = taken.filter(|day| format!("{day}T23:59:60Z").parse::<Timestamp>().is_ok());
        assert_eq!(taken.count(), 27);
    }

    proptest! {
        #[test]
        fn days_are_counted_both_ways(days in -719_162_i64..=2_932_896) {
            let (year, month, day) = super::super::civil_from_days(days);
            prop_assert_eq!(days_from_civil(year, month, day), days);
        }

        #[test]
        fn no_text_breaks_it(text in "[0-9TtZz:+.,-]{0,40}|\\PC*") {
            if let Ok(time) = text.parse::<Timestamp>() {
                prop_assert_eq!(time.to_string().parse::<Timestamp>(), Ok(time));
            }
        }
    }
}
