//! What is sent about executions: starts and ends by turns, and arrays of steps.

use std::collections::VecDeque;
use std::net::SocketAddr;

use memchr::memmem;
use serde_json::Value;

use crate::error::Error;
use crate::identity::{bearer, get, post};
use crate::text;
use crate::workload::Workload;

/// Name of the workflow that is executed.
pub const WORKFLOW: &str = "bench";
const PATH: &str = "/v1/executions";
const UUID_LEN: usize = 36;

/// Steps that an execution takes.
pub const STEPS_MAX: u64 = 10_000;

/// The request that starts an execution.
pub fn start(server: SocketAddr, key: &str) -> Vec<u8> {
    let body = format!(
        r#"{{"workflow":"{WORKFLOW}","drag_mode":"analysis","aim":{{"mission":"Find out who logged in"}}}}"#
    );
    post(server, PATH, &bearer(key), &body)
}

/// An execution is started, and when the answer to that is there, whoever sends next completes it.
#[derive(Debug)]
pub struct Executions {
    start: Vec<u8>,
    complete: Vec<u8>,
    /// Where in `complete` the id goes.
    slot: usize,
    /// Started, and not completed yet.
    running: VecDeque<[u8; UUID_LEN]>,
    /// Starts that were answered.
    pub started: u64,
    /// Ends that were answered.
    pub completed: u64,
}

impl Executions {
    pub fn new(server: SocketAddr, key: &str) -> Self {
        let blank = "-".repeat(UUID_LEN);
        let complete = post(
            server,
            &format!("{PATH}/{blank}/complete"),
            &bearer(key),
            r#"{"result":{"logins":3}}"#,
        );
        Self {
            start: start(server, key),
            slot: memmem::find(&complete, blank.as_bytes()).unwrap_or_default(),
            complete,
            running: VecDeque::new(),
            started: 0,
            completed: 0,
        }
    }
}

impl Workload for Executions {
    fn write_request(&mut self, out: &mut Vec<u8>) {
        let Some(id) = self.running.pop_front() else {
            out.extend_from_slice(&self.start);
            return;
        };
        let at = out.len() + self.slot;
        out.extend_from_slice(&self.complete);
        out[at..at + UUID_LEN].copy_from_slice(&id);
    }

    fn items(&self) -> &'static str {
        "starts and ends"
    }

    /// Every answer is looked at: the id in it is sent again.
    fn sample(&self) -> u64 {
        1
    }

    fn check(&mut self, body: &[u8]) -> bool {
        if text::count(body, br#""status":"completed""#) == 1 {
            self.completed += 1;
            return true;
        }
        let id = text::json_string_after(body, br#""id":""#);
        let Some(id) = id.and_then(|id| id.as_bytes().try_into().ok()) else {
            return false;
        };
        self.started += 1;
        self.running.push_back(id);
        text::count(body, br#""status":"running""#) == 1
    }
}

/// Arrays of steps: by turns what a model said and what a tool did, to executions by turns.
#[derive(Debug)]
pub struct Steps {
    template: Vec<u8>,
    slot: usize,
    batch: usize,
    executions: Vec<[u8; UUID_LEN]>,
    next: usize,
}

impl Steps {
    /// `None` without executions.
    pub fn new(server: SocketAddr, key: &str, executions: &[String], batch: usize) -> Option<Self> {
        let executions: Vec<_> = executions
            .iter()
            .filter_map(|id| id.as_bytes().try_into().ok())
            .collect();
        let model = r#"{"kind":"model","name":"chat","provider":"anthropic","request_model":"claude-sonnet-4-5","finish_reasons":["tool_use"],"usage":{"input":1200,"output":85},"cost_usd":"0.004875","input":[{"role":"user","content":"Who logged in?"}],"output":{"tool":"list_logins"}}"#;
        let tool = r#"{"kind":"tool","name":"list_logins","call_id":"call_7","started_at":"2026-11-21T08:30:00Z","finished_at":"2026-11-21T08:30:01Z","input":{"since":"monday"},"output":{"logins":3}}"#;
        let steps: Vec<_> = [model, tool].into_iter().cycle().take(batch).collect();
        let blank = "-".repeat(UUID_LEN);
        let body = format!(r#"{{"steps":[{}]}}"#, steps.join(","));
        let template = post(server, &format!("{PATH}/{blank}/steps"), &bearer(key), &body);
        (!executions.is_empty()).then(|| Self {
            slot: memmem::find(&template, blank.as_bytes()).unwrap_or_default(),
            template,
            batch,
            executions,
            next: 0,
        })
    }
}

impl Workload for Steps {
    fn write_request(&mut self, out: &mut Vec<u8>) {
        let at = out.len() + self.slot;
        out.extend_from_slice(&self.template);
        out[at..at + UUID_LEN].copy_from_slice(&self.executions[self.next]);
        self.next = (self.next + 1) % self.executions.len();
    }

    fn items(&self) -> &'static str {
        "steps"
    }

    fn items_per_request(&self) -> u64 {
        self.batch as u64
    }

    fn check(&mut self, body: &[u8]) -> bool {
        text::count(body, br#""number":"#) == self.batch
    }
}

/// The requests for executions.
pub fn shows(server: SocketAddr, key: &str, executions: &[String]) -> Vec<Vec<u8>> {
    let show = |id: &String| get(server, &format!("{PATH}/{id}"), key);
    executions.iter().map(show).collect()
}

/// The request for a page of the executions that were completed.
pub fn page(server: SocketAddr, key: &str, cursor: Option<&str>) -> Vec<u8> {
    let cursor = cursor
        .map(|cursor| format!("&cursor={cursor}"))
        .unwrap_or_default();
    get(
        server,
        &format!("{PATH}?status=completed&limit=1000{cursor}"),
        key,
    )
}

/// How many are on such a page, and the cursor of the next one.
pub fn counted(page: &Value) -> Result<(u64, Option<String>), Error> {
    let rows = page["executions"].as_array();
    let rows = rows.ok_or_else(|| Error::Server(format!("no executions: {page}")))?;
    Ok((rows.len() as u64, page["next"].as_str().map(str::to_owned)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_go_to_executions_by_turns() {
        let server = "127.0.0.1:1".parse().unwrap();
        assert!(Steps::new(server, "prb_x", &["short".to_owned()], 3).is_none());
        let ids = ["a".repeat(UUID_LEN), "b".repeat(UUID_LEN)];
        let mut load = Steps::new(server, "prb_x", &ids, 3).unwrap();
        for id in ids.iter().chain(&ids) {
            let mut out = b"before".to_vec();
            load.write_request(&mut out);
            let text = String::from_utf8(out.split_off(6)).unwrap();
            assert!(
                text.starts_with(&format!("POST /v1/executions/{id}/steps HTTP/1.1\r\n")),
                "{text}"
            );
            let body: Value = serde_json::from_str(text.split_once("\r\n\r\n").unwrap().1).unwrap();
            let kinds: Vec<_> = body["steps"]
                .as_array()
                .unwrap()
                .iter()
                .map(|step| &step["kind"])
                .collect();
            assert_eq!(kinds, ["model", "tool", "model"]);
        }
        assert!(load.check(br#"{"steps":[{"number":0},{"number":1},{"number":2}]}"#));
        assert!(!load.check(br#"{"steps":[{"number":0}]}"#));
    }

    #[test]
    fn what_was_started_is_completed_once() {
        let mut load = Executions::new("127.0.0.1:1".parse().unwrap(), "prb_x");
        let next = |load: &mut Executions| {
            let mut out = b"before".to_vec();
            load.write_request(&mut out);
            String::from_utf8(out.split_off(6)).unwrap()
        };
        assert!(next(&mut load).starts_with("POST /v1/executions HTTP/1.1\r\n"));
        assert!(
            next(&mut load).contains(r#""workflow":"bench""#),
            "none is running yet"
        );
        let ids = [
            "0197-0000-7000-8000-000000000001xxxx",
            "0197-0000-7000-8000-000000000002xxxx",
        ];
        for id in ids {
            assert!(load.check(format!(r#"{{"id":"{id}","status":"running"}}"#).as_bytes()));
        }
        for id in ids {
            assert!(next(&mut load).starts_with(&format!("POST /v1/executions/{id}/complete HTTP/1.1\r\n")));
        }
        assert!(load.check(format!(r#"{{"id":"{}","status":"completed"}}"#, ids[0]).as_bytes()));
        assert!(next(&mut load).starts_with("POST /v1/executions HTTP/1.1\r\n"));
        assert_eq!((load.started, load.completed), (2, 1));
        for wrong in ["{}", r#"{"id":"short","status":"running"}"#] {
            assert!(!load.check(wrong.as_bytes()), "{wrong}");
        }
        assert!(!load.check(format!(r#"{{"id":"{}","status":"failed"}}"#, ids[1]).as_bytes()));
    }
}
