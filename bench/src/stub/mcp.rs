//! Tools of MCP of the stub: a call is answered as the request that it stands for.

use serde_json::{Value, json};

use super::{Reply, Request};

/// The request that a call of a tool stands for; none where it is no call.
pub(super) fn request(of: &Request) -> Option<Request> {
    if of.line != "POST /mcp" {
        return None;
    }
    let message: Value = serde_json::from_slice(&of.body).ok()?;
    let arguments = &message["params"]["arguments"];
    let id = arguments["id"].as_str().unwrap_or_default();
    let line = match message["params"]["name"].as_str()? {
        "whoami" => "GET /v1/me".to_owned(),
        "execution_step" => format!("POST /v1/executions/{id}/steps"),
        "propose_action" => "POST /v1/approvals".to_owned(),
        "approval_use" => format!("POST /v1/approvals/{id}/use"),
        _ => return None,
    };
    Some(Request {
        line,
        body: arguments.to_string().into_bytes(),
        number: of.number,
    })
}

/// The answer of the tool: that of the request, as text and as structure.
pub(super) fn reply(of: &Reply) -> Reply {
    let whole = String::from_utf8_lossy(&of.pieces[0]);
    let (head, text) = whole.split_once("\r\n\r\n").unwrap_or_default();
    let is_good = head.starts_with("HTTP/1.1 2");
    let structured = if is_good {
        format!(r#""structuredContent":{text},"#)
    } else {
        String::new()
    };
    let body = format!(
        r#"{{"jsonrpc":"2.0","id":1,"result":{{"content":[{{"type":"text","text":{}}}],{structured}"isError":{}}}}}"#,
        json!(text),
        !is_good
    );
    Reply::new(200, &body)
}
