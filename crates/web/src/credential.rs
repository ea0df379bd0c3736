//! The credential of a request: a bearer token (RFC 6750), or the session cookie of a browser.
//!
//! A browser sends the cookie whoever made the request, so a request that changes something counts only where the
//! browser says that it comes from our own pages (Fetch Metadata, or `Origin`); with `SameSite=Strict` that makes two
//! barriers against forged requests.

use domain::identity::session::Session;
use domain::identity::token::{Token, TokenKind};
use http::header::{AUTHORIZATION, COOKIE, HOST, HeaderName, ORIGIN};
use http::request::Parts;
use http::{HeaderValue, Method};

use crate::listed::{CROSS_SITE, MALFORMED_CREDENTIAL, NO_CREDENTIAL};
use crate::problem::Problem;

/// The session cookie. Its prefix makes browsers insist on Secure, Path=/ and no Domain (RFC 6265bis section 4.1.3.2).
pub(crate) const COOKIE_NAME: &str = "__Host-probity";

/// Where a browser says that a request comes from (Fetch Metadata).
pub(crate) static SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// The text of the token that the request brought.
pub(crate) fn of(parts: &Parts) -> Result<&str, Problem> {
    if parts.headers.contains_key(AUTHORIZATION) {
        return bearer(parts);
    }
    let token = cookie(parts).ok_or_else(missing)?;
    // A cookie holds the token of a session and nothing else: a key in it would act without an end.
    if Token::parse(token).is_some_and(|token| token.kind() != TokenKind::Session) {
        let detail = "the cookie holds a session token (prs_…) and nothing else; an API key goes into Authorization: Bearer";
        return Err(Problem::of(MALFORMED_CREDENTIAL, detail));
    }
    if !matches!(parts.method, Method::GET | Method::HEAD | Method::OPTIONS) {
        from_our_pages(parts)?;
    }
    Ok(token)
}

fn bearer(parts: &Parts) -> Result<&str, Problem> {
    let mut values = parts.headers.get_all(AUTHORIZATION).iter();
    let malformed = || {
        let detail =
            "the header must be one Authorization: Bearer and an API key (prb_…) or a session token (prs_…)";
        Problem::of(MALFORMED_CREDENTIAL, detail)
    };
    let value = values.next().ok_or_else(missing)?;
    if values.next().is_some() {
        return Err(malformed());
    }
    let (scheme, token) = value
        .to_str()
        .ok()
        .and_then(|text| text.split_once(' '))
        .ok_or_else(malformed)?;
    // RFC 9110 section 11.1: the scheme's case does not matter.
    if scheme.eq_ignore_ascii_case("bearer") {
        Ok(token.trim())
    } else {
        Err(malformed())
    }
}

/// The session cookie's value.
fn cookie(parts: &Parts) -> Option<&str> {
    cookie_named(parts, COOKIE_NAME)
}

/// The value of the cookie of this name.
pub(crate) fn cookie_named<'a>(parts: &'a Parts, wanted: &str) -> Option<&'a str> {
    let lines = parts.headers.get_all(COOKIE).iter();
    let pairs = lines
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(';'));
    pairs
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(name, _)| *name == wanted)
        .map(|(_, value)| value)
}

/// Refuses a request that a browser did not make from our own pages.
pub(crate) fn from_our_pages(parts: &Parts) -> Result<(), Problem> {
    let text = |name: &HeaderName| {
        parts
            .headers
            .get(name)
            .map(|value| value.to_str().unwrap_or_default())
    };
    let ours = match (text(&SEC_FETCH_SITE), text(&ORIGIN)) {
        (Some(site), _) => site == "same-origin",
        (None, Some(origin)) => {
            let host = origin.split_once("://").map(|(_, host)| host);
            host.is_some() && host == text(&HOST)
        }
        (None, None) => false,
    };
    if ours {
        return Ok(());
    }
    let detail = "with the session cookie, a change must come from this server's own pages (Sec-Fetch-Site or Origin); \
                  programs send Authorization: Bearer instead";
    Err(Problem::of(CROSS_SITE, detail))
}

/// The cookie that begins a session in a browser.
pub(crate) fn set_cookie(token: &str, session: &Session) -> Option<HeaderValue> {
    let seconds = (session.expires_at.micros() - session.created_at.micros()) / 1_000_000;
    let text = format!("{COOKIE_NAME}={token}; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age={seconds}");
    HeaderValue::from_str(&text).ok()
}

/// The cookie that ends it.
pub(crate) const REMOVE_COOKIE: HeaderValue =
    HeaderValue::from_static("__Host-probity=; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=0");

/// The answer to a request without a credential.
pub(crate) fn missing() -> Problem {
    let detail =
        "this needs a credential: Authorization: Bearer and an API key (prb_…) or a session token (prs_…)";
    Problem::of(NO_CREDENTIAL, detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(method: Method, headers: &[(&str, &str)]) -> Parts {
        let mut request = http::Request::builder().method(method);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.body(()).unwrap().into_parts().0
    }

    #[test]
    fn a_header_counts_before_a_cookie() {
        let both = parts(
            Method::POST,
            &[
                ("authorization", "bearer prs_a"),
                ("cookie", "__Host-probity=prs_b"),
            ],
        );
        assert_eq!(of(&both).unwrap(), "prs_a");
        let others = parts(Method::GET, &[("cookie", "a=b; __Host-probity=prs_b ;c=d")]);
        assert_eq!(of(&others).unwrap(), "prs_b");
        let none = parts(Method::GET, &[("cookie", "x__Host-probity=prs_b")]);
        assert_eq!(of(&none).unwrap_err().code, "no_credential");
    }

    #[test]
    fn a_change_with_a_cookie_comes_from_our_own_pages() {
        let cases: &[(&[(&str, &str)], bool)] = &[
            (&[], false),
            (&[("sec-fetch-site", "same-origin")], true),
            (&[("sec-fetch-site", "same-site")], false),
            (&[("sec-fetch-site", "cross-site")], false),
            (&[("sec-fetch-site", "none")], false),
            (
                &[("origin", "https://probity.example"), ("host", "probity.example")],
                true,
            ),
            (
                &[("origin", "https://evil.example"), ("host", "probity.example")],
                false,
            ),
            (&[("origin", "null"), ("host", "probity.example")], false),
            (&[("origin", "https://probity.example")], false),
            (
                &[
                    ("sec-fetch-site", "cross-site"),
                    ("origin", "https://probity.example"),
                    ("host", "probity.example"),
                ],
                false,
            ),
        ];
        for (headers, allowed) in cases {
            let mut all = headers.to_vec();
            all.push(("cookie", "__Host-probity=prs_b"));
            let change = of(&parts(Method::POST, &all)).map(str::to_owned);
            assert_eq!(change.is_ok(), *allowed, "{headers:?}");
            assert!(of(&parts(Method::GET, &all)).is_ok(), "{headers:?}");
        }
    }
}
