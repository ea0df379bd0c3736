//! Under which names the server is reached, where a browser could be led to it by a name of somebody else's that leads to our
//! address (DNS rebinding): the headers `Host` and `Origin` are held against them.

use std::net::IpAddr;
use std::str::FromStr;

use http::header::{HOST, ORIGIN};
use http::request::Parts;
use http::uri::Authority;
use serde::{Deserialize, Serialize};

use crate::listed::{CROSS_SITE, HOST_NOT_NAMED};
use crate::problem::Problem;
use crate::public_url::PublicUrl;

/// Most names.
const HOSTS_MAX: usize = 100;

/// Names of the server, each with a port where only that one counts. As text: with commas between them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Hosts(Vec<String>);

impl FromStr for Hosts {
    type Err = String;

    fn from_str(text: &str) -> Result<Hosts, String> {
        let items = text.split(',').map(str::trim).filter(|item| !item.is_empty());
        let hosts = items.map(host).collect::<Result<Vec<_>, _>>()?;
        if hosts.len() > HOSTS_MAX {
            return Err(format!("{} are named: at most {HOSTS_MAX} may be", hosts.len()));
        }
        Ok(Hosts(hosts))
    }
}

/// A name, with a port where there is one.
fn host(text: &str) -> Result<String, String> {
    let plain = |found: &Authority| !text.contains(['@', '*']) && !found.host().is_empty();
    let found = text.parse::<Authority>().ok().filter(plain);
    let wrong =
        || format!("{text:?} is no name of a server, such as log.example.org or log.example.org:8443");
    Ok(found.ok_or_else(wrong)?.as_str().to_ascii_lowercase())
}

impl TryFrom<String> for Hosts {
    type Error = String;

    fn try_from(text: String) -> Result<Hosts, String> {
        text.parse()
    }
}

impl From<Hosts> for String {
    fn from(hosts: Hosts) -> String {
        hosts.0.join(", ")
    }
}

impl Hosts {
    /// Refuses a request that came under a name which is not the server's, or that a page of another site made.
    pub(crate) fn check(&self, parts: &Parts, public: &PublicUrl) -> Result<(), Problem> {
        let asked = parts.headers.get(HOST).and_then(|value| value.to_str().ok());
        let asked = asked.unwrap_or_default().to_ascii_lowercase();
        let name = asked.parse::<Authority>().ok();
        let name = name.as_ref().map_or("", Authority::host);
        if !self.have(&asked, name, public) {
            let detail =
                format!("this server does not go by the name {name:?}: add it to the setting http.hosts");
            return Err(Problem::of(HOST_NOT_NAMED, detail));
        }
        let mut origins = parts.headers.get_all(ORIGIN).iter();
        let ours = match (origins.next(), origins.next()) {
            (None, _) => true,
            (Some(origin), None) => origin.to_str().is_ok_and(|origin| {
                let host = origin.split_once("://").map(|(_, host)| host);
                public.get() == Some(origin) || host.is_some_and(|host| host.eq_ignore_ascii_case(&asked))
            }),
            (Some(_), Some(_)) => false,
        };
        if ours {
            return Ok(());
        }
        let detail = "the header Origin is of another site, whose pages may not use this; programs send none";
        Err(Problem::of(CROSS_SITE, detail))
    }

    /// Whether the server goes by a name. An address is not looked up, so nobody can have it lead elsewhere.
    fn have(&self, asked: &str, name: &str, public: &PublicUrl) -> bool {
        let address = name.trim_start_matches('[').trim_end_matches(']');
        let of_public = public.get().and_then(|url| url.split_once("://"));
        let of_public = of_public.and_then(|(_, host)| host.parse::<Authority>().ok());
        address.parse::<IpAddr>().is_ok()
            || name == "localhost"
            || of_public.is_some_and(|public| public.host().eq_ignore_ascii_case(name))
            || self.0.iter().any(|known| known == asked || known == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_a_server_may_have() {
        for (text, expected) in [
            ("", Some("")),
            ("Log.example.org , b:8443,", Some("log.example.org, b:8443")),
            ("[::1]:8080", Some("[::1]:8080")),
            ("https://log.example.org", None),
            ("a/b", None),
            ("u@a", None),
            ("*.example.org", None),
            (":8080", None),
        ] {
            let found = text.parse::<Hosts>().ok().map(String::from);
            assert_eq!(found.as_deref(), expected, "{text}");
        }
        let many = |count| vec!["a"; count].join(",").parse::<Hosts>().is_ok();
        assert!(many(HOSTS_MAX) && !many(HOSTS_MAX + 1));
    }

    /// The code of the problem, for these headers `Host` and `Origin`.
    fn refused(host: &str, origins: &[&str]) -> Option<&'static str> {
        let hosts: Hosts = "named.example, other.example:8443".parse().unwrap();
        let public: PublicUrl = "https://public.example".parse().unwrap();
        let mut request = http::Request::builder();
        if !host.is_empty() {
            request = request.header(HOST, host);
        }
        for origin in origins {
            request = request.header(ORIGIN, *origin);
        }
        let parts = request.body(()).unwrap().into_parts().0;
        hosts.check(&parts, &public).err().map(|problem| problem.code)
    }

    #[test]
    fn a_name_is_one_of_ours() {
        for host in [
            "localhost",
            "LOCALHOST:8080",
            "127.0.0.1:8080",
            "192.0.2.7",
            "[::1]:8080",
            "named.example",
            "Named.Example:1",
            "other.example:8443",
            "public.example:8443",
        ] {
            assert_eq!(refused(host, &[]), None, "{host}");
        }
        for host in [
            "",
            "evil.example",
            "other.example",
            "other.example:8444",
            "named.example.evil.example",
            "127.0.0.1.evil.example",
            "localhost.evil.example",
        ] {
            assert_eq!(refused(host, &[]), Some("host_not_named"), "{host}");
        }
    }

    #[test]
    fn a_page_is_one_of_ours() {
        for origin in [
            "http://named.example:8080",
            "https://NAMED.example:8080",
            "https://public.example",
        ] {
            assert_eq!(refused("named.example:8080", &[origin]), None, "{origin}");
        }
        for origins in [
            &["https://evil.example"][..],
            &["null"],
            &[""],
            &["named.example:8080"],
            &["http://named.example"],
            &["http://named.example:8080", "http://named.example:8080"],
        ] {
            assert_eq!(
                refused("named.example:8080", origins),
                Some("cross_site"),
                "{origins:?}"
            );
        }
    }
}
