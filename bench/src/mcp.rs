//! The requests of other loads as calls of tools of MCP.

use std::net::SocketAddr;

use crate::identity::{bearer, post};

/// The revision that calls are of.
const REVISION: &str = "2025-11-25";

/// How a request is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    Api,
    Mcp,
}

impl By {
    /// Both, the one first that the other is compared with.
    pub const ALL: [By; 2] = [By::Api, By::Mcp];

    pub fn name(self) -> &'static str {
        match self {
            By::Api => "the API",
            By::Mcp => "MCP",
        }
    }
}

/// The call of a tool. `arguments` is an object as JSON.
pub fn call(server: SocketAddr, key: &str, tool: &str, arguments: &str) -> Vec<u8> {
    let body = format!(
        r#"{{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{{"name":"{tool}","arguments":{arguments}}}}}"#
    );
    let headers = format!("{}MCP-Protocol-Version: {REVISION}\r\n", bearer(key));
    post(server, "/mcp", &headers, &body)
}
