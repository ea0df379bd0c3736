//! What is sent about approvals: requests that a policy grants, each used as soon as it is there; and requests that wait for
//! a vote.

use std::collections::VecDeque;
use std::net::SocketAddr;

use crate::governance::{Slotted, UUID_LEN};
use crate::identity::{bearer, post};
use crate::mcp::{self, By};
use crate::text;
use crate::workload::Workload;

/// Where approvals are.
pub const PATH: &str = "/v1/approvals";
/// What a policy allows, and what nobody's does.
const ALLOWED: &str = "bench.refund";
const ASKED: &str = "bench.deploy";
const ARGUMENTS: &str = r#"{"amount":20,"order":"A-1042"}"#;

/// The settings under which the first is granted at once.
pub const POLICIES: &str = "[[governance.policies]]\naction = \"bench.refund\"\nverdict = \"allow\"\n";

fn body(action: &str) -> String {
    format!(r#"{{"action":"{action}","arguments":{ARGUMENTS}}}"#)
}

fn request(server: SocketAddr, key: &str, action: &str) -> Vec<u8> {
    post(server, PATH, &bearer(key), &body(action))
}

/// A request that waits for a vote.
pub fn asked(server: SocketAddr, key: &str) -> Vec<u8> {
    request(server, key, ASKED)
}

/// A vote for an approval, by a session.
pub fn vote(server: SocketAddr, session: &str, id: &str) -> Vec<u8> {
    let path = format!("{PATH}/{id}/vote");
    post(server, &path, &bearer(session), r#"{"approve":true}"#)
}

/// An approval is asked for, and when the answer that grants it is there, whoever sends next uses it.
#[derive(Debug)]
pub struct Pairs {
    ask: Vec<u8>,
    uses: Slotted,
    granted: VecDeque<[u8; UUID_LEN]>,
    /// Uses that were answered.
    pub used: u64,
}

impl Pairs {
    pub fn new(server: SocketAddr, key: &str, by: By) -> Self {
        let body = body(ALLOWED);
        let (ask, uses) = match by {
            By::Api => (
                request(server, key, ALLOWED),
                Slotted::post(server, key, PATH, "use", &body),
            ),
            By::Mcp => (
                mcp::call(server, key, "propose_action", &body),
                Slotted::tool(server, key, "approval_use", &body),
            ),
        };
        Self {
            ask,
            uses,
            granted: VecDeque::new(),
            used: 0,
        }
    }
}

impl Workload for Pairs {
    fn write_request(&mut self, out: &mut Vec<u8>) {
        match self.granted.pop_front() {
            Some(id) => self.uses.write(id, out),
            None => out.extend_from_slice(&self.ask),
        }
    }

    fn items(&self) -> &'static str {
        "requests and uses"
    }

    /// Every answer is looked at: the id in it is sent again.
    fn sample(&self) -> u64 {
        1
    }

    fn check(&mut self, body: &[u8]) -> bool {
        if text::count(body, br#""status":"used""#) == 1 {
            self.used += 1;
            return true;
        }
        let id: Option<[u8; UUID_LEN]> =
            text::json_string_after(body, br#""id":""#).and_then(|id| id.as_bytes().try_into().ok());
        let granted = text::count(body, br#""status":"granted""#) == 1;
        self.granted.extend(id.filter(|_| granted));
        granted && id.is_some()
    }
}
