//! How things are shown to one reader.

use evidence::Timestamp;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use views::Names;

use crate::zone::Zone;

/// How things are shown to one reader.
#[derive(Clone, Debug)]
pub struct Look {
    /// The zone of times.
    pub zone: Zone,
    /// The time of now.
    pub now: Timestamp,
    /// Names of users and agents.
    pub names: Names,
    /// The lists that the reader may open: each noun's key, and where its list is.
    pub paths: Vec<(&'static str, &'static str)>,
}

impl Look {
    /// Where one of a list is, if the reader may open it.
    pub fn path(&self, key: &str, name: &str) -> Option<String> {
        let found = self.paths.iter().find(|(known, _)| *known == key);
        found.map(|(_, path)| format!("{path}/{}", encoded(name)))
    }
}

/// Everything but letters, digits and these is percent-encoded (RFC 3986 section 2.3).
const KEPT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// A text as a part of a path or a query.
pub fn encoded(text: &str) -> String {
    utf8_percent_encode(text, KEPT).to_string()
}

/// A query of these parameters, with its question mark; nothing where there are none.
pub fn query<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    let mut out = String::new();
    for (name, value) in pairs {
        out.push(if out.is_empty() { '?' } else { '&' });
        out.push_str(&encoded(name));
        out.push('=');
        out.push_str(&encoded(value));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_goes_into_an_address_is_encoded() {
        assert_eq!(encoded("a b/é&=+~"), "a%20b%2F%C3%A9%26%3D%2B~");
        assert_eq!(query([("a", "1"), ("b", "\"<x>")]), "?a=1&b=%22%3Cx%3E");
        assert_eq!(query([]), "");
    }
}
