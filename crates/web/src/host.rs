//! The header `Host` (RFC 9112 section 3.2): whoever disagrees with a proxy about which one counts can be led astray.

use http::header::HOST;
use http::uri::Authority;
use http::{Request, Version};

use crate::listed::INVALID_HOST;
use crate::problem::Problem;

/// Refuses a request of HTTP/1.1 without `Host`, and any request with more than one or a malformed one.
pub(crate) fn check<T>(request: &Request<T>) -> Result<(), Problem> {
    let mut hosts = request.headers().get_all(HOST).iter();
    let refused = |detail: &str| Err(Problem::of(INVALID_HOST, detail));
    match (hosts.next(), hosts.next()) {
        (None, _) if request.version() == Version::HTTP_10 => Ok(()),
        (None, _) => refused("a request of HTTP/1.1 must have the header Host"),
        (Some(_), Some(_)) => refused("the header Host must be given once"),
        (Some(host), None) => match host.to_str() {
            // A target without an authority has an empty Host.
            Ok(text) if text.is_empty() || is_authority(text) => Ok(()),
            _ => refused("the header Host must be a name or an address, and a port where there is one"),
        },
    }
}

/// `uri-host [ ":" port ]`: no user, no path.
fn is_authority(text: &str) -> bool {
    let authority = text.parse::<Authority>();
    authority.is_ok_and(|found| {
        let port = text.get(found.host().len()..).unwrap_or_default();
        let digits = port.strip_prefix(':').unwrap_or(port);
        text.starts_with(found.host()) && digits.bytes().all(|byte| byte.is_ascii_digit())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_host_may_be() {
        let good = [
            "",
            "a",
            "a.example:8080",
            "127.0.0.1",
            "[::1]:8080",
            "[::1]",
            "a:",
        ];
        let bad = ["a b", "a/b", "user@a", "a:b", "a:1:2", "a, b", "http://a", "[::1"];
        for (hosts, expected) in [(&good[..], true), (&bad[..], false)] {
            for host in hosts {
                let request = Request::get("/").header(HOST, *host).body(()).unwrap();
                assert_eq!(check(&request).is_ok(), expected, "{host:?}");
            }
        }
        let bytes = Request::get("/").header(HOST, &b"\xff"[..]).body(()).unwrap();
        assert_eq!(check(&bytes).unwrap_err().code, "invalid_host");
    }
}
