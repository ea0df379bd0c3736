//! Calls of tools of MCP.

use std::io;

use serde_json::{Value, json};

use crate::client::{Answer, Client};

/// Calls a tool.
pub fn call_tool(client: &mut Client, tool: &str, arguments: &Value) -> io::Result<Answer> {
    let params = json!({"name": tool, "arguments": arguments});
    let body = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params});
    post(client, &body.to_string())
}

/// Sends a message.
pub fn post(client: &mut Client, message: &str) -> io::Result<Answer> {
    client.send("POST", "/mcp", &[("MCP-Protocol-Version", "2025-11-25")], message)
}

/// What a tool gave, or the problem that it refused with.
pub type Given = Result<Value, Value>;

/// What a call gave.
pub fn given(answer: &Answer) -> Given {
    let mut reply = answer.json();
    assert_eq!(answer.status, 200, "{reply}");
    let result = &mut reply["result"];
    if result["isError"] == false {
        return Ok(result["structuredContent"].take());
    }
    let problem = result["content"][0]["text"].as_str();
    Err(serde_json::from_str(problem.unwrap_or_else(|| panic!("{result}"))).unwrap())
}
