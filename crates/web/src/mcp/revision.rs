//! The revisions of MCP that are spoken, and which of them a request is of.
//!
//! Up to 2025-11-25 a client begins with `initialize`, and names the revision in a header of each further request. From
//! 2026-07-28 on each request names it twice, in the header and in `_meta`, and repeats method and name in headers, which must
//! agree with the body: whoever stands in between goes by the headers.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::HeaderMap;
use serde_json::json;

use super::message::{Fault, INVALID_PARAMS, Request};

/// Codes of MCP (2026-07-28, "Error Codes").
pub(super) const HEADER_MISMATCH: i32 = -32_020;
pub(super) const UNSUPPORTED_REVISION: i32 = -32_022;

const REVISION: &str = "mcp-protocol-version";
const METHOD: &str = "mcp-method";
const NAME: &str = "mcp-name";
const OF_REQUEST: &str = "io.modelcontextprotocol/protocolVersion";
const CAPABILITIES: &str = "io.modelcontextprotocol/clientCapabilities";

/// The method by which clients of earlier revisions begin.
pub(super) const INITIALIZE: &str = "initialize";
/// The method that calls a tool.
pub(super) const CALL: &str = "tools/call";

/// A revision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Revision {
    /// 2026-07-28.
    Stateless,
    /// 2025-11-25.
    November,
    /// 2025-06-18.
    June,
}

impl Revision {
    /// All of them, newest first.
    const ALL: [Revision; 3] = [Revision::Stateless, Revision::November, Revision::June];
    /// The newest that begins with `initialize`.
    const INITIALIZED: Revision = Revision::November;

    /// As it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            Revision::Stateless => "2026-07-28",
            Revision::November => "2025-11-25",
            Revision::June => "2025-06-18",
        }
    }

    /// Whether each request says all that is to be known.
    pub fn is_stateless(self) -> bool {
        self == Revision::Stateless
    }

    /// All of them as they are written.
    pub fn names() -> [&'static str; 3] {
        Revision::ALL.map(Revision::as_str)
    }

    fn read(text: &str) -> Result<Revision, Fault> {
        let found = Revision::ALL.into_iter().find(|one| one.as_str() == text);
        found.ok_or_else(|| Fault {
            data: Some(json!({"supported": Revision::names(), "requested": text})),
            ..Fault::new(
                UNSUPPORTED_REVISION,
                format!(
                    "this revision of MCP is not supported; {} are",
                    Revision::names().join(", ")
                ),
            )
        })
    }

    /// What `initialize` is answered with: the revision that the client wants, or else one that it may take or leave.
    pub fn agreed(wanted: &str) -> Revision {
        match Revision::read(wanted) {
            Ok(found) if !found.is_stateless() => found,
            _ => Revision::INITIALIZED,
        }
    }

    /// The revision that a request is of, with all that it demands of it.
    pub fn of(headers: &HeaderMap, request: &Request<'_>) -> Result<Revision, Fault> {
        let said = header(headers, REVISION)?;
        let meant = request.meta.text(OF_REQUEST);
        let revision = match (meant, said) {
            (Some(meant), Some(said)) if meant == said => Revision::read(&meant)?,
            (Some(meant), said) => return Err(differ("MCP-Protocol-Version", said, &meant)),
            (None, Some(said)) => Revision::read(said)?,
            (None, None) if request.method == INITIALIZE => Revision::INITIALIZED,
            (None, None) => {
                let message = format!(
                    "the header MCP-Protocol-Version is missing; {} are supported",
                    Revision::names().join(", ")
                );
                return Err(Fault::new(HEADER_MISMATCH, message));
            }
        };
        if revision.is_stateless() {
            complete(headers, request)?;
        }
        Ok(revision)
    }

    /// Refuses a notification of a revision that is not spoken.
    pub fn of_notification(headers: &HeaderMap) -> Result<(), Fault> {
        match header(headers, REVISION)? {
            Some(said) => Revision::read(said).map(drop),
            None => Ok(()),
        }
    }
}

/// Checks that a request has what the stateless revision demands, and that its headers say what its body says.
fn complete(headers: &HeaderMap, request: &Request<'_>) -> Result<(), Fault> {
    for (name, there) in [
        (OF_REQUEST, request.meta.text(OF_REQUEST).is_some()),
        (CAPABILITIES, request.meta.object(CAPABILITIES).is_some()),
    ] {
        if !there {
            let message = format!("`_meta` must have {name}");
            return Err(Fault::new(INVALID_PARAMS, message));
        }
    }
    let said = header(headers, METHOD)?;
    if said != Some(request.method.as_str()) {
        return Err(differ("Mcp-Method", said, &request.method));
    }
    if request.method == CALL {
        let meant = request.params.text("name").unwrap_or_default();
        let said = header(headers, NAME)?;
        if said.and_then(decoded).as_deref() != Some(meant.as_str()) {
            return Err(differ("Mcp-Name", said, &meant));
        }
    }
    Ok(())
}

fn differ(name: &str, said: Option<&str>, meant: &str) -> Fault {
    let message = match said {
        Some(said) => format!("the header {name} is {said:?}, and the body says {meant:?}"),
        None => format!("the header {name} is missing; the body says {meant:?}"),
    };
    Fault::new(HEADER_MISMATCH, message)
}

/// A header that is there once, as text.
fn header<'a>(headers: &'a HeaderMap, name: &str) -> Result<Option<&'a str>, Fault> {
    let mut values = headers.get_all(name).iter();
    let wrong = || {
        Fault::new(
            HEADER_MISMATCH,
            format!("the header {name} must be given once, in ASCII"),
        )
    };
    match (values.next(), values.next()) {
        (None, _) => Ok(None),
        (Some(value), None) => value.to_str().map(Some).map_err(|_| wrong()),
        (Some(_), Some(_)) => Err(wrong()),
    }
}

/// What a header stands for: `=?base64?…?=` holds a text that a header cannot.
fn decoded(said: &str) -> Option<String> {
    let inner = said
        .strip_prefix("=?base64?")
        .and_then(|rest| rest.strip_suffix("?="));
    match inner {
        Some(inner) => String::from_utf8(STANDARD.decode(inner).ok()?).ok(),
        None => Some(said.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_initialize_is_answered_with() {
        for (wanted, expected) in [
            ("2025-06-18", "2025-06-18"),
            ("2025-11-25", "2025-11-25"),
            ("2026-07-28", "2025-11-25"),
            ("2024-11-05", "2025-11-25"),
            ("", "2025-11-25"),
        ] {
            assert_eq!(Revision::agreed(wanted).as_str(), expected, "{wanted}");
        }
    }

    #[test]
    fn names_in_headers() {
        for (said, expected) in [
            ("whoami", Some("whoami")),
            ("=?base64?w7w=?=", Some("ü")),
            ("=?base64?!?=", None),
            ("=?base64?/w==?=", None),
            ("=?base64?w7w=", Some("=?base64?w7w=")),
        ] {
            assert_eq!(decoded(said).as_deref(), expected, "{said}");
        }
    }
}
