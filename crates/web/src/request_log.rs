//! One line a request in the log, at `debug`: what was asked for, how it was answered, how long it took.
//!
//! Neither the query nor headers are in it: they hold what people search for, and credentials.

use std::time::Instant;

use axum::body::Body;
use domain::identity::token::TokenKind;
use http::{Method, Request, Response};

use crate::origin;

/// What is shown of a path, in characters.
const PATH_MAX: usize = 200;

/// What an answer that is a problem says, for the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Told {
    pub code: &'static str,
    /// The entry that records the refusal, also where the caller is not told of it.
    pub entry: Option<u64>,
}

/// A line under way; there is none while nobody reads lines of this level.
pub(crate) struct Line {
    method: Method,
    path: String,
    trace_id: Option<String>,
    started: Instant,
}

impl Line {
    /// The line of a request that has just come.
    pub fn of<T>(request: &Request<T>) -> Option<Line> {
        tracing::enabled!(tracing::Level::DEBUG).then(|| Line {
            method: request.method().clone(),
            path: shown(request.uri().path()),
            trace_id: origin::trace_of(request.headers()).map(str::to_owned),
            started: Instant::now(),
        })
    }

    /// Writes it; `recorded` is the entry that the request made.
    pub fn write(self, response: &Response<Body>, recorded: Option<u64>) {
        let told = response.extensions().get::<Told>();
        let entry = told.and_then(|told| told.entry).or(recorded);
        tracing::debug!(
            method = self.method.as_str(),
            path = self.path,
            status = response.status().as_u16(),
            code = told.map(|told| told.code),
            entry,
            micros = u64::try_from(self.started.elapsed().as_micros()).unwrap_or(u64::MAX),
            trace_id = self.trace_id,
            "request"
        );
    }
}

/// A path without secrets: whoever wrote a token into it by mistake does not find it in the log.
fn shown(path: &str) -> String {
    let secret = |part: &str| {
        let kinds = TokenKind::ALL.into_iter();
        kinds.map(TokenKind::prefix).find(|prefix| part.contains(prefix))
    };
    let parts = path.split('/').map(|part| match secret(part) {
        Some(prefix) => format!("{prefix}…"),
        None => part.to_owned(),
    });
    let text = parts.collect::<Vec<_>>().join("/");
    match text.char_indices().nth(PATH_MAX) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_shown_without_secrets() {
        let long = format!("/{}", "é".repeat(PATH_MAX));
        let cases = [
            ("/v1/audit/entries/4711", "/v1/audit/entries/4711".to_owned()),
            ("/v1/x/prs_abc/y", "/v1/x/prs_…/y".to_owned()),
            ("/token=prb_abc", "/prb_…".to_owned()),
            (&long, format!("/{}…", "é".repeat(PATH_MAX - 1))),
        ];
        for (path, expected) in cases {
            assert_eq!(shown(path), expected);
        }
    }
}
