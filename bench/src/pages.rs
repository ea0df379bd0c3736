//! Pages of the console: which are asked for, each at its worst filter, and how much of a page goes over the wire.

use std::collections::BTreeSet;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};

use crate::error::Error;
use crate::identity::get;
use crate::text;

/// A page, and in how many milliseconds the server should make it.
#[derive(Debug, Clone, PartialEq)]
pub struct Page {
    pub name: &'static str,
    pub path: String,
    /// None where the time is bounded by the search itself.
    pub wanted_ms: Option<f64>,
}

/// The first page of the audit log.
pub const LOG: &str = "/audit/entries";
/// A page of rows is full.
const ROWS: usize = 50;
/// What pages should be made in, and the first page of the audit log.
const WANTED_MS: f64 = 100.0;
const LOG_WANTED_MS: f64 = 15.0;

/// One thing of each noun that has a page of its own, as the API names it: the list, its member in the answer, the page.
pub const OF_ONE: [(&str, &str, &str, &str); 6] = [
    ("a user", "/v1/users", "users", "/users"),
    (
        "an execution",
        "/v1/executions?status=failed",
        "executions",
        "/executions",
    ),
    ("a balance", "/v1/balances", "balances", "/balances"),
    ("an operation", "/v1/operations", "operations", "/operations"),
    ("an asset", "/v1/assets", "assets", "/assets"),
    ("an API key", "/v1/api-keys", "api_keys", "/api-keys"),
];

/// Pages that need no id. Filters are those that find little and read far.
pub fn of_lists() -> Vec<Page> {
    let page = |name, path: &str| Page {
        name,
        path: path.to_owned(),
        wanted_ms: Some(WANTED_MS),
    };
    vec![
        Page {
            wanted_ms: Some(LOG_WANTED_MS),
            ..page("audit log", LOG)
        },
        page("audit log, actor not there", "/audit/entries?actor=nobody"),
        page(
            "audit log, refusals of an action",
            "/audit/entries?action=user.erase&outcome=refused",
        ),
        page("audit log, oldest first", "/audit/entries?order=asc"),
        Page {
            wanted_ms: None,
            ..page("audit log, text not there", "/audit/entries?text=no-such-words")
        },
        page("an entry", "/audit/entries/4711"),
        page("overview", "/"),
        page("search, not there", "/search?q=nobody-at-all"),
        page("activity", "/activity"),
        page("activity, kind not there", "/activity?kind=no.such"),
        page("users", "/users"),
        page("users, none disabled", "/users?active=false"),
        page("API keys", "/api-keys"),
        page("sessions", "/sessions"),
        page("executions", "/executions"),
        page(
            "executions, failed of a workflow",
            "/executions?workflow=risk-review&status=failed",
        ),
        page("workflows", "/governance/workflows"),
        page("DRAG modes", "/governance/drag-modes"),
        page("executions by user", "/governance/users"),
        page("conversations", "/conversations"),
        page("agents", "/agents"),
        page("approvals", "/approvals"),
        page("balances", "/balances"),
        page("operations", "/operations"),
        page("operations, none unknown", "/operations?status=unknown"),
        page("KYC", "/kyc"),
        page("destinations", "/destinations"),
        page("jobs", "/jobs"),
        page("backups", "/backups"),
        page("status", "/status"),
    ]
}

/// A page of one thing.
pub fn of_one(name: &'static str, path: &str, id: &str) -> Page {
    Page {
        name,
        path: format!("{path}/{id}"),
        wanted_ms: Some(WANTED_MS),
    }
}

/// Whether an answer is a whole page.
pub fn is_page(body: &[u8]) -> bool {
    body.trim_ascii_end().ends_with(b"</html>") && text::count(body, b"<h1") == 1
}

/// Whether it has a full list.
pub fn is_full(body: &[u8]) -> bool {
    is_page(body) && text::count(body, b"<tr data-href=") == ROWS
}

/// What a page weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Weight {
    /// Bytes of HTML.
    pub html: usize,
    /// With style and scripts.
    pub all: usize,
    /// Requests until it is shown.
    pub requests: usize,
}

/// Weighs the first page of the audit log, with all that it loads.
pub fn weight(server: SocketAddr, key: &str) -> Result<Weight, Error> {
    let html = fetched(server, LOG, key)?;
    if !is_full(&html) {
        return Err(Error::Server(format!("{LOG} is no full page")));
    }
    let mut all = html.len();
    let loaded = loaded(&String::from_utf8_lossy(&html));
    for path in &loaded {
        all += fetched(server, path, key)?.len();
    }
    Ok(Weight {
        html: html.len(),
        all,
        requests: 1 + loaded.len(),
    })
}

/// What a page loads beside itself.
fn loaded(html: &str) -> BTreeSet<String> {
    let quoted = html.split('"').filter(|text| text.starts_with("/static/"));
    quoted
        .filter_map(|path| path.split('#').next())
        .map(str::to_owned)
        .collect()
}

/// The body of an answer, which must be good.
pub fn fetched(server: SocketAddr, path: &str, key: &str) -> Result<Vec<u8>, Error> {
    let failed = || Error::io("reading a page");
    let mut stream = TcpStream::connect(server).map_err(failed())?;
    // HTTP/1.0: the body comes as it is and ends with the connection.
    let request = String::from_utf8_lossy(&get(server, path, key)).replace("HTTP/1.1", "HTTP/1.0");
    stream.write_all(request.as_bytes()).map_err(failed())?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).map_err(failed())?;
    let head = answer.windows(4).position(|end| end == b"\r\n\r\n");
    match head {
        Some(end) if text::count(&answer[..end], b" 200 ") > 0 => Ok(answer.split_off(end + 4)),
        _ => Err(Error::Server(format!(
            "{path}: {}",
            String::from_utf8_lossy(&answer[..answer.len().min(200)])
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_page_loads_is_counted_once() {
        let html = r#"<link href="/static/a.css"><script src="/static/b.js"></script>
            <use href="/static/i.svg#x"/><use href="/static/i.svg#y"/><a href="/users">"#;
        assert_eq!(
            loaded(html).into_iter().collect::<Vec<_>>(),
            ["/static/a.css", "/static/b.js", "/static/i.svg"]
        );
        assert!(is_page(b"<html><h1>x</h1></html>\n") && !is_page(b"<html><h1>x</h1>"));
    }
}
