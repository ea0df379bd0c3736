//! Users and money of the stub, as far as loads notice them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use super::executions::Executions;
use super::{Reply, Request};
use crate::custody::{ASSET, DEPOSIT_CENTS, decimal};

/// A refused login is answered no sooner than this.
pub const REFUSED_AFTER: Duration = Duration::from_millis(20);

const ME: &str = r#"{"user":{"id":"u"},"key":{"id":"k"},"session":null,"permissions":["audit:read"]}"#;

/// What there is.
#[derive(Default)]
pub(super) struct State {
    /// Passwords of those who may log in; a user's id is its name.
    passwords: BTreeMap<String, String>,
    asset: bool,
    /// Of operations, as clients brought them.
    ids: BTreeSet<String>,
    /// Each made a balance, whose number is in its id.
    deposits: u64,
    transfers: u64,
    executions: Executions,
}

/// The answer to what concerns users and money; `None` to everything else.
pub(super) fn answer(state: &Mutex<State>, request: &Request) -> Option<Reply> {
    // Entries are many and long: they are none of ours.
    if request.line == "POST /v1/audit/entries" {
        return None;
    }
    let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
    let text = |name: &str| body[name].as_str().unwrap_or_default();
    let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(reply) = state.executions.answer(&request.line, &body) {
        return Some(reply);
    }
    let (status, answer) = match request.line.split('?').next()? {
        "GET /v1/me" => return Some(Reply::new(200, ME)),
        "POST /v1/jobs/verify/run" | "POST /v1/jobs/retention/run" => (202, json!({})),
        "GET /v1/jobs" => {
            let job = |name| json!({"name": name, "outcome": "succeeded", "figure": 4_000, "seconds": 0.02});
            (200, json!({"jobs": [job("verify"), job("retention")]}))
        }
        "POST /v1/users" => {
            let name = text("username");
            let taken = state
                .passwords
                .insert(name.to_owned(), text("password").to_owned());
            (
                if taken.is_none() { 201 } else { 409 },
                json!({"user": {"id": name}}),
            )
        }
        "POST /v1/auth/login" => {
            if state
                .passwords
                .get(text("username"))
                .is_some_and(|right| right == text("password"))
            {
                return Some(Reply::new(200, r#"{"token":"prs_stub","must":null}"#));
            }
            drop(state);
            thread::sleep(REFUSED_AFTER);
            return Some(refusal());
        }
        "POST /v1/assets" => {
            let wanted = json!({"code": ASSET, "name": "Benchmark", "scale": 2});
            let new = !std::mem::replace(&mut state.asset, true) && body == wanted;
            (if new { 201 } else { 409 }, json!({"id": "a-1", "code": ASSET}))
        }
        "POST /v1/operations" => match body {
            Value::Array(all) => {
                let results: Vec<Value> = all.iter().map(|one| state.result(one)).collect();
                (200, json!({"results": results}))
            }
            one => match state.operation(&one) {
                Some(operation) => (201, operation),
                None => (409, json!({"code": "refused"})),
            },
        },
        "GET /v1/operations/statistics" => {
            let figure = |kind, count| json!({"kind": kind, "status": "completed", "count": count});
            let figures = [
                figure("deposit", state.deposits),
                figure("transfer", state.transfers),
            ];
            (200, json!({"figures": figures}))
        }
        "GET /v1/assets/BENCH/supply" => (
            200,
            json!({"supply": decimal(state.deposits * DEPOSIT_CENTS), "sum": decimal(0)}),
        ),
        line => {
            let name = line.strip_prefix("POST /v1/users/")?.strip_suffix("/disable")?;
            let known = state.passwords.remove(name).is_some();
            (
                if known { 200 } else { 404 },
                json!({"id": name, "active": false}),
            )
        }
    };
    Some(Reply::new(status, &answer.to_string()))
}

/// The answer to what `bench read` asks of the log and of lists of operations: as many rows as a page holds, unless it
/// asks for what is not there.
pub(super) fn read(line: &str) -> Option<Reply> {
    let rows = |name: &str, row: &str| format!(r#"{{"{name}":[{}],"next":null}}"#, vec![row; 50].join(","));
    let path = line.strip_prefix("GET ")?;
    let entry = r#"{"index":4711,"at":"2026-11-21T08:30:00.123456Z","evidence":{}}"#;
    let body = match path.split(['?', ' ']).next()? {
        "/v1/audit/entries" if path.contains("nobody") || path.contains("no-such") => {
            r#"{"entries":[],"next":null}"#.to_owned()
        }
        "/v1/audit/entries" => rows("entries", entry),
        "/v1/activity" => rows("activities", entry),
        "/v1/operations" => rows("operations", r#"{"credit":{}}"#),
        "/v1/audit/export" => {
            let lines = "{\"bundle\":1}\n{\"entry\":1}\n{\"entry\":2}\n{\"entries\":2,\"digest\":\"\"}\n";
            return Some(Reply {
                pieces: vec![format!("HTTP/1.0 200 OK\r\n\r\n{lines}").into_bytes()],
                close: true,
            });
        }
        path if path.ends_with("/statement") => rows("lines", "{}"),
        path if path.starts_with("/v1/audit/entries/") => entry.to_owned(),
        _ => return None,
    };
    Some(Reply::new(200, &body))
}

/// The answer to every login that is refused.
pub fn refusal() -> Reply {
    Reply::new(401, r#"{"status":401,"code":"invalid_credentials"}"#)
}

impl State {
    fn result(&mut self, asked: &Value) -> Value {
        match self.operation(asked) {
            Some(operation) => json!({"status": "created", "operation": operation}),
            None => json!({"status": "refused", "problem": {"code": "refused"}}),
        }
    }

    /// Makes an operation that is as the loads make them: a deposit to an owner, or a transfer of a hundredth between two
    /// balances, with an id of its own or without.
    fn operation(&mut self, asked: &Value) -> Option<Value> {
        let text = |name: &str| asked[name].as_str().unwrap_or_default();
        let number =
            |name: &str| u64::from_str_radix(text(name).strip_prefix("00000000-0000-7000-8000-")?, 16).ok();
        if let Some(id) = asked["id"].as_str()
            && !(id.len() == 36 && id[14..].starts_with('7') && self.ids.insert(id.to_owned()))
        {
            return None;
        }
        let credit = match text("kind") {
            "deposit" if self.asset && text("asset") == ASSET && text("credit").starts_with("user:") => {
                (text("amount") == decimal(DEPOSIT_CENTS)).then_some(())?;
                self.deposits += 1;
                self.deposits
            }
            "transfer" => {
                let (debit, credit) = (number("debit")?, number("credit")?);
                let known = |balance| (1..=self.deposits).contains(&balance);
                (debit != credit && known(debit) && known(credit) && text("amount") == "0.01")
                    .then_some(())?;
                self.transfers += 1;
                credit
            }
            _ => return None,
        };
        let credit = json!({"balance": format!("00000000-0000-7000-8000-{credit:012x}")});
        Some(json!({"kind": text("kind"), "status": "completed", "credit": credit}))
    }
}
