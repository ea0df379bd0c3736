//! `X-Forwarded-For`: the address that the nearest proxy saw, in the forms that proxies write.

use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use http::HeaderMap;
use http::header::HeaderName;

static NAME: HeaderName = HeaderName::from_static("x-forwarded-for");

/// How often it is said that some could not be read.
const TOLD_EVERY: Duration = Duration::from_mins(1);
/// What is shown of one that could not be read, in bytes.
const SHOWN_MAX: usize = 60;

/// How many could not be read.
#[derive(Default)]
pub(crate) struct Unreadable {
    count: AtomicU64,
    told: Mutex<Option<Told>>,
}

/// When it was last said, and how many there were then.
#[derive(Clone, Copy)]
struct Told {
    at: Instant,
    count: u64,
}

/// The last address: earlier ones are whatever the caller wrote. What cannot be read is counted, and said once a minute.
pub(crate) fn address(headers: &HeaderMap, unreadable: &Unreadable) -> Option<IpAddr> {
    let line = headers.get_all(&NAME).iter().next_back()?.as_bytes();
    let last = line.rsplit(|byte| *byte == b',').next().unwrap_or_default();
    let found = std::str::from_utf8(last).ok().and_then(|text| read(text.trim()));
    if found.is_none() {
        unreadable.note(last);
    }
    found
}

/// An address, with a port or without: `203.0.113.7`, `203.0.113.7:51234`, `2001:db8::1`, `[2001:db8::1]`,
/// `[2001:db8::1]:443`.
fn read(text: &str) -> Option<IpAddr> {
    let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    let alone = match bare {
        Some(inner) => inner.parse().map(IpAddr::V6).ok(),
        None => text.parse().ok(),
    };
    alone.or_else(|| text.parse::<SocketAddr>().map(|found| found.ip()).ok())
}

impl Unreadable {
    /// How many so far.
    pub fn count(&self) -> u64 {
        self.count.load(Ordering::Relaxed)
    }

    fn note(&self, what: &[u8]) {
        self.count.fetch_add(1, Ordering::Relaxed);
        if let Some(number) = self.due(Instant::now()) {
            let shown = what.get(..SHOWN_MAX).unwrap_or(what);
            let (last, shown) = (number, String::from_utf8_lossy(shown));
            tracing::warn!(
                number = last,
                last = ?shown,
                "X-Forwarded-For could not be read: the address of the proxy is recorded in its place"
            );
        }
    }

    /// How many there are to tell of, where the last time is long enough ago.
    fn due(&self, now: Instant) -> Option<u64> {
        let count = self.count();
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        let before = match *told {
            Some(last) if now.saturating_duration_since(last.at) < TOLD_EVERY => return None,
            last => last.map_or(0, |last| last.count),
        };
        *told = Some(Told { at: now, count });
        Some(count.saturating_sub(before))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(lines: &[&[u8]], unreadable: &Unreadable) -> Option<String> {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(&NAME, http::HeaderValue::from_bytes(line).unwrap());
        }
        address(&headers, unreadable).map(|found| found.to_string())
    }

    #[test]
    fn a_forwarded_address_is_read_with_a_port_or_without() {
        let unreadable = Unreadable::default();
        for (line, expected) in [
            ("203.0.113.7", "203.0.113.7"),
            ("203.0.113.7:51234", "203.0.113.7"),
            ("10.0.0.1, 203.0.113.7:51234 ", "203.0.113.7"),
            ("[2001:db8::1]:443", "2001:db8::1"),
            ("[2001:db8::1]", "2001:db8::1"),
            ("2001:DB8::1", "2001:db8::1"),
            ("\"junk\",2001:db8::1", "2001:db8::1"),
        ] {
            let found = of(&[line.as_bytes()], &unreadable);
            assert_eq!(found.as_deref(), Some(expected), "{line}");
        }
        assert_eq!(of(&[], &unreadable), None);
        assert_eq!(
            of(&[b"203.0.113.9", b"2001:db8::2"], &unreadable).as_deref(),
            Some("2001:db8::2")
        );
        assert_eq!(unreadable.count(), 0);
    }

    #[test]
    fn what_cannot_be_read_is_counted() {
        let bad: [&[u8]; 10] = [
            b"junk",
            b"",
            b"203.0.113.7, ",
            b"203.0.113.7:99999",
            b"203.0.113.7:",
            b"[203.0.113.7]",
            b"[2001:db8::1",
            b"unknown",
            b"203.0.113",
            b"\xff",
        ];
        let unreadable = Unreadable::default();
        for (number, line) in bad.into_iter().enumerate() {
            assert_eq!(of(&[line], &unreadable), None, "{line:?}");
            assert_eq!(unreadable.count(), number as u64 + 1, "{line:?}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_told_once_a_minute() {
        let unreadable = Unreadable::default();
        let add = |number| unreadable.count.fetch_add(number, Ordering::Relaxed);
        let begin = Instant::now();
        let after = |seconds| unreadable.due(begin + Duration::from_secs(seconds));
        add(1);
        assert_eq!(after(0), Some(1));
        add(5);
        assert_eq!((after(1), after(59)), (None, None));
        add(1);
        assert_eq!(after(60), Some(6));
        assert_eq!(after(61), None);
    }
}
