//! Where callers find the server: behind a proxy it cannot know by itself.

use std::str::FromStr;

use http::Uri;
use serde::{Deserialize, Serialize};

/// `https://log.example.org`: scheme, host, and a port where there is one. As text: empty for none.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PublicUrl(Option<String>);

impl PublicUrl {
    /// The URL, without a slash at its end.
    pub fn get(&self) -> Option<&str> {
        self.0.as_deref()
    }
}

impl FromStr for PublicUrl {
    type Err = String;

    fn from_str(text: &str) -> Result<PublicUrl, String> {
        if text.is_empty() {
            return Ok(PublicUrl::default());
        }
        let uri = text.parse::<Uri>().ok();
        let good = uri.filter(|uri| {
            let is_web = matches!(uri.scheme_str(), Some("http" | "https"));
            let is_plain = uri.authority().is_some_and(|found| !found.as_str().contains('@'));
            is_web && is_plain && uri.path() == "/" && uri.query().is_none()
        });
        match good {
            Some(_) => Ok(PublicUrl(Some(text.trim_end_matches('/').to_owned()))),
            None => Err(format!(
                "{text:?} is no URL of a server: scheme, host and port alone, such as https://log.example.org"
            )),
        }
    }
}

impl TryFrom<String> for PublicUrl {
    type Error = String;

    fn try_from(text: String) -> Result<PublicUrl, String> {
        text.parse()
    }
}

impl From<PublicUrl> for String {
    fn from(url: PublicUrl) -> String {
        url.0.unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scheme_and_host_alone() {
        for (text, expected) in [
            ("", Some(None)),
            ("https://log.example.org", Some(Some("https://log.example.org"))),
            ("https://log.example.org/", Some(Some("https://log.example.org"))),
            ("http://[::1]:8080", Some(Some("http://[::1]:8080"))),
            ("log.example.org", None),
            ("ftp://log.example.org", None),
            ("https://u@log.example.org", None),
            ("https://log.example.org/a", None),
            ("https://log.example.org?a=b", None),
            ("https://", None),
        ] {
            let found = text.parse::<PublicUrl>().ok();
            assert_eq!(found.as_ref().map(PublicUrl::get), expected, "{text}");
        }
    }
}
