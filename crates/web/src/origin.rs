//! Where a request came from, as entries about refused commands record it.

use std::net::{IpAddr, SocketAddr};

use domain::Origin;
use domain::audit::event::TEXT_LEN_MAX;
use http::HeaderMap;
use http::header::{HeaderName, USER_AGENT};
use http::request::Parts;

use crate::forwarded::{self, Proxies, Unreadable};

/// The other end of the connection, put into each request by the server.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Peer(pub SocketAddr);

static TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");

/// The address that a request came from: the other end of the connection, or what proxies that are believed say.
pub(crate) fn address(parts: &Parts, proxies: &Proxies, unreadable: &Unreadable) -> Option<IpAddr> {
    let peer = parts.extensions.get::<Peer>()?;
    Some(forwarded::caller(
        peer.0.ip(),
        &parts.headers,
        proxies,
        unreadable,
    ))
}

/// Reads the origin of a request from this address.
pub(crate) fn of(parts: &Parts, address: Option<IpAddr>) -> Origin {
    Origin {
        ip: address.map(|ip| ip.to_string()),
        user_agent: parts
            .headers
            .get(USER_AGENT)
            .and_then(|value| printable(value.as_bytes())),
        trace_id: trace_of(&parts.headers).map(str::to_owned),
    }
}

/// The trace that a request belongs to (W3C Trace Context).
pub(crate) fn trace_of(headers: &HeaderMap) -> Option<&str> {
    headers
        .get(&TRACEPARENT)
        .and_then(|value| trace_id(value.to_str().ok()?))
}

fn printable(bytes: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(bytes);
    let text: String = text
        .chars()
        .filter(|c| !c.is_control())
        .take(TEXT_LEN_MAX)
        .collect();
    (!text.is_empty()).then_some(text)
}

/// The trace id of a W3C Trace Context header: `00-<trace id>-<parent id>-<flags>`; later versions may add fields.
pub(crate) fn trace_id(header: &str) -> Option<&str> {
    let mut fields = header.split('-');
    let (version, trace, parent, flags) = (fields.next()?, fields.next()?, fields.next()?, fields.next()?);
    let hex = |text: &str, len: usize| {
        text.len() == len
            && text
                .bytes()
                .all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
    };
    let some = |text: &str| text.bytes().any(|byte| byte != b'0');
    let well_formed = hex(version, 2)
        && version != "ff"
        && (version != "00" || fields.next().is_none())
        && hex(trace, 32)
        && some(trace)
        && hex(parent, 16)
        && some(parent)
        && hex(flags, 2);
    well_formed.then_some(trace)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

    fn parts(headers: &[(&str, &str)]) -> Parts {
        let mut request = http::Request::builder();
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.body(()).unwrap().into_parts().0
    }

    #[test]
    fn a_user_agent_is_bounded_and_printable() {
        let long = "x".repeat(TEXT_LEN_MAX + 1);
        assert_eq!(
            of(&parts(&[("user-agent", &long)]), None)
                .user_agent
                .unwrap()
                .len(),
            TEXT_LEN_MAX
        );
        assert_eq!(
            of(&parts(&[("user-agent", "curl\t8")]), None).user_agent.unwrap(),
            "curl8"
        );
        assert_eq!(of(&parts(&[]), None).user_agent, None);
    }

    #[test]
    fn trace_ids_are_validated() {
        let parent = "00f067aa0ba902b7";
        let zeros = "0".repeat(32);
        let cases = [
            (format!("00-{TRACE}-{parent}-01"), Some(TRACE)),
            (format!("01-{TRACE}-{parent}-01-more"), Some(TRACE)),
            (format!("00-{TRACE}-{parent}-01-more"), None),
            (format!("ff-{TRACE}-{parent}-01"), None),
            (format!("00-{zeros}-{parent}-01"), None),
            (format!("00-{TRACE}-0000000000000000-01"), None),
            (format!("00-{}-{parent}-01", TRACE.to_uppercase()), None),
            (format!("00-{TRACE}-{parent}"), None),
            (String::new(), None),
        ];
        for (header, expected) in cases {
            assert_eq!(trace_id(&header), expected, "{header}");
        }
    }
}
