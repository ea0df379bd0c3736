//! What is sent about executions: starts and ends by turns, and arrays of steps.

use std::collections::VecDeque;
use std::net::SocketAddr;

use memchr::memmem;
use serde_json::Value;

use crate::error::Error;
use crate::identity::{bearer, get, post};
use crate::mcp::{self, By};
use crate::text;
use crate::workload::Workload;

/// Name of the workflow that is executed.
pub const WORKFLOW: &str = "bench";
const PATH: &str = "/v1/executions";
pub const UUID_LEN: usize = 36;

/// Steps that an execution takes.
pub const STEPS_MAX: u64 = 10_000;

/// Users, workflows and requests to start executions of a large installation: of each workflow by turns, for other users and in other modes.
pub const DIFFERENT: usize = 100;

/// The request that starts an execution, with more members of its body.
fn start_with(server: SocketAddr, key: &str, more: &str) -> Vec<u8> {
    let body = format!(r#"{{"aim":{{"mission":"Find out who logged in"}},{more}}}"#);
    post(server, PATH, &bearer(key), &body)
}

/// The request that starts an execution.
pub fn start(server: SocketAddr, key: &str) -> Vec<u8> {
    let more = format!(r#""workflow":"{WORKFLOW}","drag_mode":"analysis""#);
    start_with(server, key, &more)
}

/// A workflow of a large installation.
pub fn workflow(number: usize) -> String {
    format!("{WORKFLOW}-{:02}", number % DIFFERENT)
}

/// Requests that start executions of a large installation, each for another user. Their leases outlast the filling.
pub fn different_starts(server: SocketAddr, key: &str) -> Vec<Vec<u8>> {
    let mode = |number: usize| ["draft", "research", "analysis", "grunt"][number % 4];
    let start = |number: usize| {
        let (workflow, mode) = (workflow(number), mode(number));
        let members = format!(
            r#""workflow":"{workflow}","drag_mode":"{mode}","user":"owner{number:06}","lease_s":86400"#
        );
        start_with(server, key, &members)
    };
    (0..DIFFERENT).map(start).collect()
}

/// A request with an id somewhere.
#[derive(Debug)]
pub struct Slotted {
    request: Vec<u8>,
    slot: usize,
}

impl Slotted {
    /// A verb of one in a list.
    pub fn post(server: SocketAddr, key: &str, list: &str, verb: &str, body: &str) -> Self {
        Self::of(|blank| post(server, &format!("{list}/{blank}/{verb}"), &bearer(key), body))
    }

    /// The call of a tool of MCP with these arguments, and the id before them.
    pub fn tool(server: SocketAddr, key: &str, tool: &str, arguments: &str) -> Self {
        let rest = arguments.trim_start_matches('{');
        Self::of(|blank| mcp::call(server, key, tool, &format!(r#"{{"id":"{blank}",{rest}"#)))
    }

    fn of(request: impl Fn(&str) -> Vec<u8>) -> Self {
        let blank = "-".repeat(UUID_LEN);
        let request = request(&blank);
        Self {
            slot: memmem::find(&request, blank.as_bytes()).unwrap_or_default(),
            request,
        }
    }

    /// Appends it with this id to `out`.
    pub fn write(&self, id: [u8; UUID_LEN], out: &mut Vec<u8>) {
        let at = out.len() + self.slot;
        out.extend_from_slice(&self.request);
        out[at..at + UUID_LEN].copy_from_slice(&id);
    }

    /// Steps, by turns what a model said and what a tool did.
    fn steps(server: SocketAddr, key: &str, (count, by): (usize, By)) -> Self {
        let model = r#"{"kind":"model","name":"chat","provider":"anthropic","request_model":"claude-sonnet-4-5","finish_reasons":["tool_use"],"usage":{"input":1200,"output":85},"cost_usd":"0.004875","input":[{"role":"user","content":"Who logged in?"}],"output":{"tool":"list_logins"}}"#;
        let tool = r#"{"kind":"tool","name":"list_logins","call_id":"call_7","started_at":"2026-11-21T08:30:00Z","finished_at":"2026-11-21T08:30:01Z","input":{"since":"monday"},"output":{"logins":3}}"#;
        let steps: Vec<_> = [model, tool].into_iter().cycle().take(count).collect();
        let body = format!(r#"{{"steps":[{}]}}"#, steps.join(","));
        match by {
            By::Api => Self::post(server, key, PATH, "steps", &body),
            By::Mcp => Self::tool(server, key, "execution_step", &body),
        }
    }
}

/// An execution is started, and when the answer to that is there, whoever sends next completes it: after its steps, where
/// it has any.
#[derive(Debug)]
pub struct Executions {
    starts: Vec<Vec<u8>>,
    steps: Option<Slotted>,
    complete: Slotted,
    /// Started, and to be given steps.
    bare: VecDeque<[u8; UUID_LEN]>,
    /// To be completed.
    running: VecDeque<[u8; UUID_LEN]>,
    next: usize,
    /// Starts that were answered.
    pub started: u64,
    /// Ends that were answered.
    pub completed: u64,
}

impl Executions {
    pub fn new(server: SocketAddr, key: &str) -> Self {
        Self {
            starts: vec![start(server, key)],
            steps: None,
            complete: Slotted::post(server, key, PATH, "complete", r#"{"result":{"logins":3}}"#),
            bare: VecDeque::new(),
            running: VecDeque::new(),
            next: 0,
            started: 0,
            completed: 0,
        }
    }

    /// Different ones, with so many steps each.
    pub fn different(server: SocketAddr, key: &str, steps: usize) -> Self {
        Self {
            starts: different_starts(server, key),
            steps: Some(Slotted::steps(server, key, (steps, By::Api))),
            ..Self::new(server, key)
        }
    }
}

impl Workload for Executions {
    fn write_request(&mut self, out: &mut Vec<u8>) {
        if let Some(id) = self.running.pop_front() {
            self.complete.write(id, out);
        } else if let (Some(steps), Some(id)) = (&self.steps, self.bare.pop_front()) {
            steps.write(id, out);
        } else {
            out.extend_from_slice(&self.starts[self.next]);
            self.next = (self.next + 1) % self.starts.len();
        }
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
        let id = |name: &[u8]| text::json_string_after(body, name)?.as_bytes().try_into().ok();
        if let Some(id) = self.steps.as_ref().and_then(|_| id(br#""execution":""#)) {
            self.running.push_back(id);
            return true;
        }
        let Some(id) = id(br#""id":""#) else {
            return false;
        };
        self.started += 1;
        let next = if self.steps.is_some() {
            &mut self.bare
        } else {
            &mut self.running
        };
        next.push_back(id);
        text::count(body, br#""status":"running""#) == 1
    }
}

/// Arrays of steps to executions by turns.
#[derive(Debug)]
pub struct Steps {
    template: Slotted,
    batch: usize,
    executions: Vec<[u8; UUID_LEN]>,
    next: usize,
}

impl Steps {
    /// So many in an array. An error without executions.
    pub fn new(
        server: SocketAddr,
        key: &str,
        executions: &[String],
        (batch, by): (usize, By),
    ) -> Result<Self, Error> {
        let executions: Vec<_> = executions
            .iter()
            .filter_map(|id| id.as_bytes().try_into().ok())
            .collect();
        if executions.is_empty() {
            let what = "it answered with executions that have no UUIDs";
            return Err(Error::Server(what.into()));
        }
        Ok(Self {
            template: Slotted::steps(server, key, (batch, by)),
            batch,
            executions,
            next: 0,
        })
    }
}

impl Workload for Steps {
    fn write_request(&mut self, out: &mut Vec<u8>) {
        self.template.write(self.executions[self.next], out);
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

/// Requests that record so many metrics of one name, over the last 30 days.
pub fn metrics(server: SocketAddr, key: &str, count: u64, now_s: u64) -> Vec<Vec<u8>> {
    let metric = |number: u64| {
        let at = text::utc_second(now_s - MONTH_S + number * MONTH_S / count);
        let (whole, value) = (at.trim_end_matches('.'), (number * 7_919) % 1_000);
        format!(r#"{{"name":"{METRIC}","value":0.{value:03},"at":"{whole}Z"}}"#)
    };
    let numbers: Vec<u64> = (0..count).collect();
    let array = |numbers: &[u64]| {
        let metrics: Vec<_> = numbers.iter().map(|number| metric(*number)).collect();
        post(
            server,
            "/v1/metrics",
            &bearer(key),
            &format!("[{}]", metrics.join(",")),
        )
    };
    numbers.chunks(1_000).map(array).collect()
}

/// The name of the metrics of a large installation.
pub const METRIC: &str = "reward";

/// 30 days.
pub const MONTH_S: u64 = 30 * 86_400;

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

/// The request for the executions of a trace.
pub fn of_trace(server: SocketAddr, key: &str, trace: &str) -> Vec<u8> {
    get(server, &format!("{PATH}?trace_id={trace}"), key)
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
        assert!(Steps::new(server, "prb_x", &["short".to_owned()], (3, By::Api)).is_err());
        let ids = ["a".repeat(UUID_LEN), "b".repeat(UUID_LEN)];
        let mut load = Steps::new(server, "prb_x", &ids, (3, By::Api)).unwrap();
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
