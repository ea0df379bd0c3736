//! Edits connection URLs of the form `postgres://user@host:port/database?parameters`
//! (PostgreSQL manual, "Connection URIs").

use std::fmt::Write as _;

use crate::Error;

/// The same server, another database.
pub fn with_database(url: &str, database: &str) -> Result<String, Error> {
    let malformed = || Error::Url(url.to_owned());
    let authority = url.find("://").ok_or_else(malformed)? + 3;
    let slash = authority + url[authority..].find('/').ok_or_else(malformed)?;
    let query = url[slash..].find('?').map_or("", |at| &url[slash + at..]);
    Ok(format!("{}/{}{query}", &url[..slash], encode(database)))
}

/// The same URL with one more parameter, percent-encoded.
pub fn with_parameter(url: &str, name: &str, value: &str) -> String {
    let separator = if url.contains('?') { '&' } else { '?' };
    format!("{url}{separator}{name}={}", encode(value))
}

/// Percent-encodes all but the unreserved characters (RFC 3986, section 2.3).
pub fn encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_database_is_replaced_and_the_parameters_stay() {
        for (url, expected) in [
            (
                "postgres://me@127.0.0.1:5/postgres",
                "postgres://me@127.0.0.1:5/other",
            ),
            (
                "postgres://me:a%2Fb@h/postgres?sslmode=disable",
                "postgres://me:a%2Fb@h/other?sslmode=disable",
            ),
            ("postgres://me@%2Ftmp%2Fx:5/", "postgres://me@%2Ftmp%2Fx:5/other"),
        ] {
            assert_eq!(with_database(url, "other").unwrap(), expected);
        }
    }

    #[test]
    fn a_url_without_a_database_is_refused() {
        for url in ["", "host=127.0.0.1", "postgres://me@127.0.0.1:5"] {
            assert!(matches!(with_database(url, "other"), Err(Error::Url(_))), "{url}");
        }
    }

    #[test]
    fn parameters_are_added_and_encoded() {
        let one = with_parameter("postgres://h/d", "options", "-c search_path=s");
        assert_eq!(one, "postgres://h/d?options=-c%20search_path%3Ds");
        assert_eq!(with_parameter(&one, "x", "ä"), format!("{one}&x=%C3%A4"));
    }
}
