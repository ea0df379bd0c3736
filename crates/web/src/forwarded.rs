//! `X-Forwarded-For`: the addresses that proxies saw, in the forms in which they write them, and which proxies are believed.

use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use http::HeaderMap;
use http::header::HeaderName;
use ipnet::IpNet;
use serde::{Deserialize, Serialize};

static NAME: HeaderName = HeaderName::from_static("x-forwarded-for");
static SCHEME: HeaderName = HeaderName::from_static("x-forwarded-proto");

/// How often it is said that some could not be read.
const TOLD_EVERY: Duration = Duration::from_mins(1);
/// What is shown of one that could not be read, in bytes.
const SHOWN_MAX: usize = 60;

/// How many could not be read.
#[derive(Default)]
pub struct Unreadable {
    count: AtomicU64,
    told: Mutex<Option<Told>>,
}

/// When it was last said, and how many there were then.
#[derive(Clone, Copy)]
struct Told {
    at: Instant,
    count: u64,
}

/// Most proxies and networks that may be named.
const PROXIES_MAX: usize = 100;

/// Proxies that are believed, as addresses and networks. As text: with commas between them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Proxies(Vec<IpNet>);

impl FromStr for Proxies {
    type Err = String;

    fn from_str(text: &str) -> Result<Proxies, String> {
        let items = text.split(',').map(str::trim).filter(|item| !item.is_empty());
        let proxies = items.map(network).collect::<Result<Vec<_>, _>>()?;
        if proxies.len() > PROXIES_MAX {
            return Err(format!(
                "{} are named: at most {PROXIES_MAX} may be",
                proxies.len()
            ));
        }
        Ok(Proxies(proxies))
    }
}

/// A network, or an address as the network that holds nothing else.
fn network(text: &str) -> Result<IpNet, String> {
    let whole = text
        .parse::<IpAddr>()
        .map(|address| IpNet::from(address.to_canonical()));
    let found = whole.or_else(|_| text.parse::<IpNet>()).map_err(|_| {
        format!("{text:?} is neither an address nor a network, such as 192.0.2.1, 10.0.0.0/8 or fd00::/8")
    })?;
    // Addresses of IPv4 are compared as such, in whatever form they come.
    if let IpNet::V6(network) = found
        && let Some(inner) = network.addr().to_ipv4_mapped()
        && let Some(length) = network.prefix_len().checked_sub(96)
    {
        return Err(format!(
            "{text:?} is a network of IPv4 and would never match: write {inner}/{length}"
        ));
    }
    Ok(found)
}

impl TryFrom<String> for Proxies {
    type Error = String;

    fn try_from(text: String) -> Result<Proxies, String> {
        text.parse()
    }
}

impl From<Proxies> for String {
    fn from(proxies: Proxies) -> String {
        let each: Vec<String> = proxies.0.iter().map(IpNet::to_string).collect();
        each.join(", ")
    }
}

impl Proxies {
    /// Whether none is named.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn trust(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(&address))
    }
}

/// Who the caller is: the other end of the connection, or, where that is a proxy that is believed, whom it saw, and so on
/// from the last address to the first; what is before one that is not believed is whatever the caller wrote. What cannot be read is
/// counted, and said once a minute.
pub fn caller(peer: IpAddr, headers: &HeaderMap, proxies: &Proxies, unreadable: &Unreadable) -> IpAddr {
    let lines = headers.get_all(&NAME).iter().rev();
    let mut hops = lines.flat_map(|line| line.as_bytes().rsplit(|byte| *byte == b','));
    let mut nearest = peer.to_canonical();
    while proxies.trust(nearest) {
        let Some(hop) = hops.next() else { break };
        let Some(found) = std::str::from_utf8(hop).ok().and_then(|text| read(text.trim())) else {
            unreadable.note(hop);
            break;
        };
        nearest = found.to_canonical();
    }
    nearest
}

/// Whether a proxy that is believed says that the caller, and every proxy between, came by HTTPS.
pub fn is_https(peer: IpAddr, headers: &HeaderMap, proxies: &Proxies) -> bool {
    let mut hops = headers
        .get_all(&SCHEME)
        .iter()
        .flat_map(|line| line.as_bytes().split(|byte| *byte == b','))
        .peekable();
    let is_said = proxies.trust(peer.to_canonical()) && hops.peek().is_some();
    is_said && hops.all(|hop| hop.trim_ascii().eq_ignore_ascii_case(b"https"))
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
                "X-Forwarded-For could not be read: the address of the last proxy that was known is recorded in its place"
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

    fn of(lines: &[&[u8]], proxies: &str, unreadable: &Unreadable) -> String {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(&NAME, http::HeaderValue::from_bytes(line).unwrap());
        }
        let peer = "::ffff:192.0.2.1".parse().unwrap();
        caller(peer, &headers, &proxies.parse().unwrap(), unreadable).to_string()
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
            ("[::ffff:203.0.113.9]:1", "203.0.113.9"),
            ("\"junk\",2001:db8::1", "2001:db8::1"),
        ] {
            assert_eq!(
                of(&[line.as_bytes()], "192.0.2.1", &unreadable),
                expected,
                "{line}"
            );
        }
        assert_eq!(of(&[], "192.0.2.1", &unreadable), "192.0.2.1");
        let lines: [&[u8]; 2] = [b"203.0.113.9", b"2001:db8::2"];
        assert_eq!(of(&lines, "192.0.2.1", &unreadable), "2001:db8::2");
        assert_eq!(unreadable.count(), 0);
    }

    #[test]
    fn only_proxies_that_are_named_are_believed() {
        let unreadable = Unreadable::default();
        let lines: [&[u8]; 2] = [b"198.51.100.9, 203.0.113.7", b"10.1.2.3, 10.9.9.9"];
        for (proxies, expected) in [
            ("", "192.0.2.1"),
            ("10.0.0.0/8", "192.0.2.1"),
            ("192.0.2.1", "10.9.9.9"),
            ("192.0.2.0/24, 10.9.9.9", "10.1.2.3"),
            ("::ffff:192.0.2.1,10.0.0.0/8", "203.0.113.7"),
            // Whoever is not among them is the caller, and what the caller wrote does not count.
            ("0.0.0.0/0", "198.51.100.9"),
            ("192.0.2.1, 10.0.0.0/8, 203.0.113.7/32", "198.51.100.9"),
        ] {
            assert_eq!(of(&lines, proxies, &unreadable), expected, "{proxies}");
        }
        assert_eq!(of(&[b"junk"], "", &unreadable), "192.0.2.1");
        assert_eq!(unreadable.count(), 0, "where no proxy is believed nobody looks");
    }

    #[test]
    fn https_is_what_a_proxy_that_is_believed_says() {
        for (lines, proxies, expected) in [
            (&["https"][..], "192.0.2.1", true),
            (&["HTTPS , https"], "192.0.2.0/24", true),
            (&["https", "http"], "192.0.2.1", false),
            (&["http, https"], "192.0.2.1", false),
            (&["https,"], "192.0.2.1", false),
            (&["http"], "192.0.2.1", false),
            (&[], "192.0.2.1", false),
            (&["https"], "", false),
            (&["https"], "10.0.0.0/8", false),
        ] {
            let mut headers = HeaderMap::new();
            for line in lines {
                headers.append(&SCHEME, http::HeaderValue::from_static(line));
            }
            let peer = "::ffff:192.0.2.1".parse().unwrap();
            let found = is_https(peer, &headers, &proxies.parse().unwrap());
            assert_eq!(found, expected, "{lines:?} {proxies}");
        }
    }

    #[test]
    fn proxies_are_addresses_and_networks() {
        for bad in [
            "proxy",
            "10.0.0.0/33",
            "10.0.0.1:80",
            "192.0.2.1 192.0.2.2",
            "10.0.0.0/8,x",
        ] {
            let error = bad.parse::<Proxies>().unwrap_err();
            assert!(error.contains("neither an address nor a network"), "{error}");
        }
        let inside = "::ffff:10.0.0.0/104".parse::<Proxies>().unwrap_err();
        assert!(inside.ends_with("write 10.0.0.0/8"), "{inside}");
        let many = |count: usize| vec!["192.0.2.1"; count].join(",").parse::<Proxies>();
        assert_eq!(many(PROXIES_MAX).unwrap().0.len(), PROXIES_MAX);
        assert_eq!(
            many(PROXIES_MAX + 1).unwrap_err(),
            "101 are named: at most 100 may be"
        );
        let text = String::from(" fd00::/8 ,192.0.2.1,".parse::<Proxies>().unwrap());
        assert_eq!(text, "fd00::/8, 192.0.2.1/32");
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
            assert_eq!(of(&[line], "192.0.2.1", &unreadable), "192.0.2.1", "{line:?}");
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
