//! Approvals of the stub: one action is granted at once, any other by the first vote, and callers wait for that.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use serde_json::{Value, json};

use super::{Reply, Request};

/// Those that were asked for, by how they stand.
#[derive(Default)]
pub(super) struct Approvals {
    all: Mutex<Vec<&'static str>>,
    voted: Condvar,
    waiting: AtomicUsize,
}

impl Approvals {
    fn all(&self) -> MutexGuard<'_, Vec<&'static str>> {
        self.all.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The answer to what concerns them; `None` to everything else.
    pub fn answer(&self, request: &Request) -> Option<Reply> {
        if request.line == "GET /metrics" {
            let waiting = self.waiting.load(Ordering::SeqCst);
            let text = format!("# A gauge\nprobity_approvals_waiting {waiting}\n");
            return Some(Reply::new(200, &text));
        }
        let (method, path) = request.line.split_once(" /v1/approvals")?;
        let Some(path) = path.strip_prefix('/') else {
            let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
            let status = if body["action"] == "bench.refund" {
                "granted"
            } else {
                "pending"
            };
            let mut all = self.all();
            all.push(status);
            let id = format!("00000000-0000-7000-8000-{:012x}", all.len() - 1);
            return Some(Reply::new(201, &json!({"id": id, "status": status}).to_string()));
        };
        let (id, verb) = path.split_once(['/', '?']).unwrap_or((path, ""));
        let number = usize::from_str_radix(id.rsplit('-').next()?, 16).ok()?;
        let mut all = self.all();
        let (before, after) = match verb {
            "wait=0" => {
                let status = *all.get(number)?;
                (status, status)
            }
            "use" => ("granted", "used"),
            "vote" => ("pending", "granted"),
            _ if method == "GET" => {
                self.waiting.fetch_add(1, Ordering::SeqCst);
                let ended = self.voted.wait_while(all, |all| all[number] == "pending");
                all = ended.unwrap_or_else(PoisonError::into_inner);
                self.waiting.fetch_sub(1, Ordering::SeqCst);
                ("granted", "granted")
            }
            _ => return None,
        };
        if *all.get(number)? != before {
            return Some(Reply::new(409, r#"{"code":"approval_ended"}"#));
        }
        all[number] = after;
        self.voted.notify_all();
        Some(Reply::new(200, &json!({"id": id, "status": after}).to_string()))
    }
}
