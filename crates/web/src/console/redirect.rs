//! To another page: after a form was sent, or where one must sign in.

use axum::body::Body;
use http::header::LOCATION;
use http::{HeaderValue, Response, StatusCode};

use crate::call::no_content;

/// To another page of ours (RFC 9110 section 15.4.4).
pub(crate) fn to(path: &str) -> Response<Body> {
    let mut response = no_content();
    *response.status_mut() = StatusCode::SEE_OTHER;
    let home = HeaderValue::from_static("/");
    let place = HeaderValue::from_str(path).unwrap_or(home);
    response.headers_mut().insert(LOCATION, place);
    response
}

/// Whether an address is a path of ours: nothing that a browser takes for another server.
pub(crate) fn is_ours(address: &str) -> bool {
    let mut bytes = address.bytes();
    bytes.next() == Some(b'/')
        && bytes.next() != Some(b'/')
        && address
            .bytes()
            .all(|byte| byte.is_ascii_graphic() && byte != b'\\')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_paths_of_ours_are_followed() {
        for (address, ours) in [
            ("/", true),
            ("/audit/entries?actor=a%20b", true),
            ("", false),
            ("//evil.example", false),
            ("/\\evil.example", false),
            ("https://evil.example", false),
            ("javascript:alert(1)", false),
            ("/a\r\nSet-Cookie: x=y", false),
            ("/a b", false),
            ("/\t/evil.example", false),
            ("/é", false),
        ] {
            assert_eq!(is_ours(address), ours, "{address:?}");
        }
    }
}
