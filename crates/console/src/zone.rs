//! The zone in which times are shown and typed.

use evidence::Timestamp;
use jiff::tz::{TimeZone, TimeZoneDatabase};

/// What stands before the name of a zone that the browser said by itself.
const BROWSER: &str = "browser:";

/// A zone, and whose choice it is.
#[derive(Clone, Debug)]
pub struct Zone {
    zone: TimeZone,
    chosen: Chosen,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Chosen {
    Nobody,
    Browser,
    Reader,
}

impl Zone {
    /// UTC, which nobody chose.
    pub fn utc() -> Zone {
        Zone {
            zone: TimeZone::UTC,
            chosen: Chosen::Nobody,
        }
    }

    /// The zone that a cookie names: `Europe/Berlin`, or `browser:Europe/Berlin` where the browser said so by itself. UTC where
    /// there is no such zone.
    pub fn of(cookie: Option<&str>) -> Zone {
        let Some(text) = cookie else { return Zone::utc() };
        let (name, chosen) = match text.strip_prefix(BROWSER) {
            Some(name) => (name, Chosen::Browser),
            None => (text, Chosen::Reader),
        };
        let found = TimeZoneDatabase::bundled().get(name);
        found.map_or_else(|_| Zone::utc(), |zone| Zone { zone, chosen })
    }

    /// What the cookie says of this choice: `browser`, `UTC` or a name. None where there is no such zone.
    pub fn chosen(text: &str) -> Option<String> {
        let found = TimeZoneDatabase::bundled().get(text).ok()?;
        Some(found.iana_name().unwrap_or("UTC").to_owned())
    }

    /// Its name.
    pub fn name(&self) -> &str {
        self.zone.iana_name().unwrap_or("UTC")
    }

    /// Whether a script may put the browser's zone in its place.
    pub fn is_the_browser_s(&self) -> bool {
        self.chosen != Chosen::Reader
    }

    fn at(&self, time: Timestamp) -> jiff::Zoned {
        let moment = jiff::Timestamp::from_microsecond(time.micros()).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
        moment.to_zoned(self.zone.clone())
    }

    /// The day of a time.
    pub fn day(&self, time: Timestamp) -> String {
        self.at(time).strftime("%Y-%m-%d").to_string()
    }

    /// A day as a heading: `Sunday, 2026-11-29`.
    pub fn weekday(&self, time: Timestamp) -> String {
        self.at(time).strftime("%A, %Y-%m-%d").to_string()
    }

    /// To the minute.
    pub fn minute(&self, time: Timestamp) -> String {
        self.at(time).strftime("%Y-%m-%d %H:%M").to_string()
    }

    /// To the second.
    pub fn second(&self, time: Timestamp) -> String {
        self.at(time).strftime("%Y-%m-%d %H:%M:%S").to_string()
    }

    /// The time of day, to the second.
    pub fn clock(&self, time: Timestamp) -> String {
        self.at(time).strftime("%H:%M:%S").to_string()
    }

    /// To the microsecond, with the zone.
    pub fn exact(&self, time: Timestamp) -> String {
        self.at(time).strftime("%Y-%m-%d %H:%M:%S.%6f %Z").to_string()
    }

    /// To the second, as a field for a time takes it.
    pub fn typed(&self, time: Timestamp) -> String {
        self.at(time).strftime("%Y-%m-%dT%H:%M:%S").to_string()
    }

    /// The moment that a clock on the wall showed here: `2026-11-29T13:00`, with a blank or a `T`, with seconds or without.
    pub fn read(&self, text: &str) -> Option<Timestamp> {
        let text = text.trim().replace(' ', "T");
        let shown: jiff::civil::DateTime = text.parse().ok()?;
        let moment = shown.to_zoned(self.zone.clone()).ok()?;
        Timestamp::from_micros(moment.timestamp().as_microsecond())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_names_a_zone_or_it_is_utc() {
        for (cookie, name, browser) in [
            (None, "UTC", true),
            (Some("UTC"), "UTC", false),
            (Some("Europe/Berlin"), "Europe/Berlin", false),
            (Some("browser:Asia/Kathmandu"), "Asia/Kathmandu", true),
            (Some("Mars/Olympus"), "UTC", true),
            (Some("browser:"), "UTC", true),
            (Some("<script>"), "UTC", true),
        ] {
            let zone = Zone::of(cookie);
            assert_eq!(
                (zone.name(), zone.is_the_browser_s()),
                (name, browser),
                "{cookie:?}"
            );
        }
    }

    #[test]
    fn what_is_shown_can_be_typed() {
        let zone = Zone::of(Some("Europe/Berlin"));
        let time: Timestamp = "2026-11-29T12:34:56.789012Z".parse().unwrap();
        assert_eq!(zone.exact(time), "2026-11-29 13:34:56.789012 CET");
        assert_eq!(
            (zone.minute(time), zone.day(time)),
            ("2026-11-29 13:34".into(), "2026-11-29".into())
        );
        assert_eq!(zone.weekday(time), "Sunday, 2026-11-29");
        let typed = zone.read(&zone.second(time)).unwrap();
        assert_eq!(typed.to_string(), "2026-11-29T12:34:56.000000Z");
        assert_eq!(
            zone.read("2026-07-01T00:00").unwrap().to_string(),
            "2026-06-30T22:00:00.000000Z"
        );
        assert_eq!(zone.read("yesterday"), None);
    }
}
