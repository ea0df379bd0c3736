//! Every error answer: RFC 9457 problem details with a stable `code`.

use domain::{Code, FieldError, Refusal};
use std::num::NonZeroU64;

use axum::body::Body;
use domain::refusal::BrokenRule;
use engine::database::ErrorKind;
use engine::writes::RETRY_AFTER_S;
use engine::{Error, told};
use http::header::{ALLOW, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderValue, Response, StatusCode};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

use crate::listed::Listed;
use crate::listed::{
    DATABASE_UNAVAILABLE, INTERNAL, INVALID_FIELD, METHOD_NOT_ALLOWED, OUTCOME_UNKNOWN, OVERLOADED,
    STORAGE_FULL, TAMPERED, UNKNOWN_PATH,
};
use crate::request_log::Told;

/// Longest `detail` and `field` of an answer, in characters: both may repeat a part of the request.
const TEXT_LEN_MAX: usize = 500;

/// What to do where something was changed by hand.
pub(crate) const TELL: &str = "tell the operator, who runs `probity audit verify`";

/// The header that marks an answer as given before.
pub(crate) const REPLAYED: &str = "idempotent-replayed";

/// Why a request got no other answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Problem {
    /// HTTP status.
    pub status: StatusCode,
    /// Stable code, in snake case.
    pub code: &'static str,
    /// What is wrong and what would be right.
    pub detail: String,
    /// The field or parameter that is wrong.
    pub field: Option<String>,
    /// Line and column of the body, both from 1.
    pub place: Option<(u32, u32)>,
    /// Index of the entry that records the refusal.
    pub entry: Option<u64>,
    /// When to try again, in seconds.
    pub retry_after: Option<u32>,
    /// Whether it was the answer to the same before.
    pub replayed: bool,
    /// Size of the log, where the request is about more than it has.
    pub size: Option<NonZeroU64>,
    /// Whether `entry` records nothing, but was changed or removed by hand.
    pub by_hand: bool,
    /// The rule that refused it.
    pub rule: Option<Box<BrokenRule>>,
}

/// RFC 9457 problem details. Programs go by `code`, which is stable; `detail` is for people.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Problem")]
pub(crate) struct Members<'a> {
    /// `/problems/` and the code.
    #[serde(rename = "type")]
    kind: String,
    /// The code in words.
    title: String,
    /// The HTTP status.
    status: u16,
    /// What is wrong and what would be right; at most 500 characters.
    detail: String,
    /// What is wrong, in snake case.
    code: &'a str,
    /// The field or parameter at fault, such as `[3].actor.id`.
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<String>,
    /// Line of the body, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<u32>,
    /// Column of the body, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    column: Option<u32>,
    /// Index of the entry that records the refusal.
    #[serde(skip_serializing_if = "Option::is_none")]
    entry: Option<u64>,
    /// Size of the log, where the request is about more than it has.
    #[serde(skip_serializing_if = "Option::is_none")]
    size: Option<NonZeroU64>,
    /// Index of the entry that was changed or removed by hand, where the request rests on one.
    #[serde(skip_serializing_if = "Option::is_none")]
    tampered_entry: Option<u64>,
    /// The rule that refused it, in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    rule: Option<String>,
    /// What the rule allows at most, or demands at least.
    #[serde(skip_serializing_if = "Option::is_none")]
    limit: Option<&'a str>,
    /// What is left of that now.
    #[serde(skip_serializing_if = "Option::is_none")]
    remaining: Option<&'a str>,
    /// Who or what can lift the rule.
    #[serde(skip_serializing_if = "Option::is_none")]
    lifted_by: Option<String>,
}

impl Problem {
    /// The same without the id, which is not what was asked for, of a thing that is not there.
    pub fn without_id(mut self, unknown: &Code, name: &str) -> Problem {
        if self.code == unknown.name {
            self.detail = format!("there is no such {name}");
        }
        self
    }

    fn new(status: StatusCode, code: &'static str, detail: impl Into<String>) -> Problem {
        Problem {
            status,
            code,
            detail: detail.into(),
            field: None,
            place: None,
            entry: None,
            retry_after: None,
            replayed: false,
            size: None,
            by_hand: false,
            rule: None,
        }
    }

    /// One that is listed.
    pub fn of((status, code, _): Listed, detail: impl Into<String>) -> Problem {
        let status = StatusCode::from_bytes(status.as_bytes());
        Problem::new(status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR), code, detail)
    }

    /// A field or parameter that is out of its bounds.
    pub fn field(field: impl Into<String>, detail: impl Into<String>) -> Problem {
        Problem {
            field: Some(field.into()),
            ..Problem::of(INVALID_FIELD, detail)
        }
    }

    /// A path that names nothing.
    pub fn unknown_path() -> Problem {
        Problem::of(UNKNOWN_PATH, UNKNOWN_PATH.2)
    }

    /// A failure of ours. What happened is for the log only.
    pub fn internal(what: &dyn std::fmt::Display) -> Problem {
        tracing::error!("request failed: {what}");
        Problem::of(INTERNAL, "an internal error; the server's log has the details")
    }

    /// Too much of something at once.
    pub fn busy(listed: Listed, detail: impl Into<String>, retry_after: u32) -> Problem {
        Problem {
            retry_after: Some(retry_after),
            ..Problem::of(listed, detail)
        }
    }

    fn of_refusal(refusal: Refusal, entry: Option<u64>) -> Problem {
        let status = StatusCode::from_u16(refusal.kind.status());
        let status = status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        Problem {
            field: refusal.field,
            retry_after: refusal
                .retry_after_s
                .map(|seconds| u32::try_from(seconds).unwrap_or(u32::MAX)),
            entry,
            replayed: refusal.before.is_some(),
            rule: refusal.rule,
            ..Problem::new(status, refusal.code, refusal.message)
        }
    }

    /// The problem of reading what whoever asks may read: it names the row that was changed by hand.
    pub fn of_read(error: Error) -> Problem {
        let row = match &error {
            Error::Tampered { table, id, .. } => Some(format!("the row {id} of {table}")),
            _ => None,
        };
        let problem = Problem::from(error);
        match row {
            Some(row) => Problem {
                detail: format!("{row} was changed by hand, and is not shown; {TELL}"),
                ..problem
            },
            None => problem,
        }
    }

    /// That a row is left out of a list, because somebody changed it by hand.
    pub fn unread(one: &str, id: Uuid) -> Problem {
        let detail =
            format!("the {one} {id} is not shown: it was changed by hand, and does not read; {TELL}");
        Problem::of(TAMPERED, detail)
    }

    /// That an entry is not in a list of the whole log, because somebody removed it by hand.
    pub fn missing(index: u64) -> Problem {
        let detail = format!("entry {index} is missing: somebody removed it by hand; {TELL}");
        Problem {
            entry: Some(index),
            by_hand: true,
            ..Problem::of(TAMPERED, detail)
        }
    }

    /// Index of the entry that records the refusal.
    pub fn recorded(&self) -> Option<u64> {
        self.entry.filter(|_| !self.by_hand)
    }

    /// Index of the entry that was changed or removed by hand.
    pub fn tampered_entry(&self) -> Option<u64> {
        self.entry.filter(|_| self.by_hand)
    }

    /// The members of the body.
    pub fn members(&self) -> Value {
        let rule = self.rule.as_deref();
        let members = Members {
            kind: format!("/problems/{}", self.code),
            title: title(self.code),
            status: self.status.as_u16(),
            detail: shortened(&self.detail),
            code: self.code,
            field: self.field.as_deref().map(shortened),
            line: self.place.map(|(line, _)| line),
            column: self.place.map(|(_, column)| column),
            entry: self.recorded(),
            size: self.size,
            tampered_entry: self.tampered_entry(),
            rule: rule.map(|rule| shortened(&rule.rule)),
            limit: rule.and_then(|rule| rule.limit.as_deref()),
            remaining: rule.and_then(|rule| rule.remaining.as_deref()),
            lifted_by: rule.map(|rule| shortened(&rule.lifted_by)),
        };
        serde_json::to_value(&members).unwrap_or_default()
    }

    /// The body.
    fn text(&self) -> String {
        self.members().to_string()
    }

    /// The answer.
    pub fn into_response(self) -> Response<Body> {
        let mut response = Response::new(Body::from(self.text()));
        *response.status_mut() = self.status;
        response.extensions_mut().insert(Told {
            code: self.code,
            entry: self.recorded(),
        });
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if let Some(seconds) = self.retry_after {
            headers.insert(RETRY_AFTER, seconds.into());
        }
        if self.replayed {
            headers.insert(REPLAYED, HeaderValue::from_static("true"));
        }
        if self.status == StatusCode::UNAUTHORIZED {
            // RFC 6750 section 3.1: no error code where no credential was shown.
            let challenge = if self.code == "no_credential" {
                "Bearer"
            } else {
                "Bearer error=\"invalid_token\""
            };
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
        }
        response
    }

    /// The answer to a method that a path does not have; RFC 9110 section 15.5.6 wants the ones that it has.
    pub fn method_not_allowed(allowed: &str) -> Response<Body> {
        let detail = format!("this path takes {allowed}");
        let mut response = Problem::of(METHOD_NOT_ALLOWED, detail).into_response();
        if let Ok(allowed) = HeaderValue::from_str(allowed) {
            response.headers_mut().insert(ALLOW, allowed);
        }
        response
    }
}

pub(crate) fn title(code: &str) -> String {
    let mut words = code.replace('_', " ");
    if let Some(first) = words.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    words
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(TEXT_LEN_MAX) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Problem {
        match error {
            Error::Refused { refusal, entry } => Problem::of_refusal(refusal, entry),
            Error::Overloaded { retry_after_seconds } => Problem::busy(
                OVERLOADED,
                "too much is waiting to be done; nothing of this request was",
                u32::try_from(retry_after_seconds).unwrap_or(u32::MAX),
            ),
            Error::Store(error) if error.kind == ErrorKind::Full => {
                tracing::error!("the database cannot write: {error}");
                Problem::busy(
                    STORAGE_FULL,
                    "the database's disk is full or cannot be written: nothing of this request was recorded; reading goes on. \
                     Send it again, with the same ids",
                    RETRY_AFTER_S,
                )
            }
            Error::Store(error) if matches!(error.kind, ErrorKind::Retry | ErrorKind::Connection) => {
                tracing::error!("the database did not answer: {error}");
                Problem::busy(
                    DATABASE_UNAVAILABLE,
                    "the database does not answer now; try again",
                    1,
                )
            }
            Error::Tampered { table, id, what } => {
                told::of_row(table, id, &what);
                let detail = "a row that this rests on was changed by hand, and is not relied on";
                Problem::of(TAMPERED, format!("{detail}; {TELL}"))
            }
            Error::EntryTampered { entry, what } => {
                told::of_entry(entry, &what);
                let detail = format!("entry {entry} was changed by hand: {what}; {TELL}");
                Problem {
                    entry: Some(entry),
                    by_hand: true,
                    ..Problem::of(TAMPERED, detail)
                }
            }
            Error::Halted(halt) => Problem::new(
                StatusCode::SERVICE_UNAVAILABLE,
                halt.fault.code(),
                "the database's log does not continue the one that this server knows: nothing is written until the \
                 operator has looked; reading goes on",
            ),
            Error::Unknown(what) => {
                tracing::error!("the outcome of a commit is not known: {what}");
                let detail = "the database broke off while committing: the request may or may not be recorded; \
                              send it again with the same ids";
                Problem::busy(OUTCOME_UNKNOWN, detail, 1)
            }
            error => Problem::internal(&error),
        }
    }
}

impl From<FieldError> for Problem {
    fn from(error: FieldError) -> Problem {
        Problem::of_refusal(error.into(), None)
    }
}

#[cfg(test)]
mod tests {
    use domain::RefusalKind;

    use super::*;

    #[test]
    fn what_a_request_brought_is_repeated_only_in_part() {
        let problem = Problem::field("é".repeat(10_000), "x".repeat(10_000));
        let value: Value = serde_json::from_str(&problem.text()).unwrap();
        assert_eq!(value["field"], format!("{}…", "é".repeat(TEXT_LEN_MAX)));
        assert_eq!(value["detail"], format!("{}…", "x".repeat(TEXT_LEN_MAX)));
        assert_eq!(value["title"], "Invalid field");
        assert_eq!(value["type"], "/problems/invalid_field");
    }

    #[test]
    fn a_broken_rule_is_told_with_what_it_leaves() {
        let rule = BrokenRule {
            rule: "at most 0.5 BTC".into(),
            limit: Some("0.5".into()),
            remaining: None,
            lifted_by: "time".into(),
        };
        let refusal = domain::code::TIER_LIMIT.because("too much").by(rule);
        let value = Problem::of_refusal(refusal, Some(7)).members();
        let told = ["rule", "limit", "lifted_by"].map(|name| value[name].as_str());
        assert_eq!(told, [Some("at most 0.5 BTC"), Some("0.5"), Some("time")]);
        assert!(value.get("remaining").is_none());
        let reused = domain::code::IDEMPOTENCY_KEY_REUSED.because("another");
        assert_eq!(Problem::of_refusal(reused, None).status, 422);
    }

    #[test]
    fn each_error_of_the_engine_has_its_status() {
        let store = |kind| Error::Store(engine::database::Error::new(kind, "secret words"));
        let cases = [
            (
                Error::Overloaded {
                    retry_after_seconds: 3,
                },
                503,
                "overloaded",
                Some(3),
            ),
            (store(ErrorKind::Connection), 503, "database_unavailable", Some(1)),
            (store(ErrorKind::Retry), 503, "database_unavailable", Some(1)),
            (store(ErrorKind::Full), 503, "storage_full", Some(5)),
            (store(ErrorKind::Data), 500, "internal", None),
            (
                Error::Unknown("secret words".into()),
                503,
                "outcome_unknown",
                Some(1),
            ),
            (Error::problem("secret words", "hint"), 500, "internal", None),
        ];
        for (error, status, code, retry_after) in cases {
            let problem = Problem::from(error);
            assert_eq!(
                (problem.status.as_u16(), problem.code, problem.retry_after),
                (status, code, retry_after)
            );
            assert!(!problem.text().contains("secret words"), "{}", problem.text());
        }
        let kinds = [
            (RefusalKind::Invalid, 400),
            (RefusalKind::Unauthenticated, 401),
            (RefusalKind::Forbidden, 403),
            (RefusalKind::NotFound, 404),
            (RefusalKind::Conflict, 409),
            (RefusalKind::Precondition, 412),
            (RefusalKind::Unprocessable, 422),
            (RefusalKind::TooMany, 429),
        ];
        for (kind, status) in kinds {
            let problem = Problem::of_refusal(Refusal::new(kind, "some_code", "why").field("x"), Some(7));
            let value: Value = serde_json::from_str(&problem.text()).unwrap();
            assert_eq!(value["status"], status);
            assert_eq!(
                (value["code"].as_str(), value["entry"].as_u64()),
                (Some("some_code"), Some(7))
            );
        }
    }
}
