//! `POST /mcp`, as clients of the Model Context Protocol call it.

mod approvals;
mod bad_input;
mod doors;
mod protocol;
mod records;

use axum::body::Body;
use domain::identity::Role;
use http::Request;
use serde_json::{Value, json};

use crate::api::{Api, Got};
use crate::people::{Person, text};

/// The revisions that are spoken, newest first.
const REVISIONS: [&str; 3] = ["2026-07-28", "2025-11-25", "2025-06-18"];

/// What a client of the first of them says in each request beside its revision.
const CAPABILITIES: &str = "io.modelcontextprotocol/clientCapabilities";
const REVISION: &str = "io.modelcontextprotocol/protocolVersion";

/// An agent of somebody's, and who votes on what it asks for.
struct Agent {
    owner: Person,
    cora: Person,
    key: String,
}

impl Agent {
    async fn new(api: &Api) -> Agent {
        let owner = Person::new(api, "ann", Role::DEVELOPER).await;
        let cora = Person::new(api, "cora", Role::COMPLIANCE).await;
        let key = key_of(api, &owner, "triage", &["read", "governance", "workflows"]).await;
        Agent { owner, cora, key }
    }

    fn client<'a>(&self, api: &'a Api) -> Client<'a> {
        Client::new(api, &self.key)
    }
}

/// A key of an agent, which is made if it is not there.
async fn key_of(api: &Api, owner: &Person, agent: &str, scopes: &[&str]) -> String {
    owner.post(api, "/v1/agents", json!({"name": agent})).await;
    let body = json!({"name": "key", "agent": agent, "scopes": scopes});
    let got = owner.post(api, "/v1/api-keys", body).await;
    assert_eq!(got.status, 201, "{}", got.text());
    text(&got.json(), "key")
}

/// A client with a key.
struct Client<'a> {
    api: &'a Api,
    bearer: String,
    revision: &'static str,
}

impl<'a> Client<'a> {
    fn new(api: &'a Api, key: &str) -> Client<'a> {
        Client {
            api,
            bearer: format!("Bearer {key}"),
            revision: REVISIONS[0],
        }
    }

    fn of(mut self, revision: &'static str) -> Client<'a> {
        self.revision = revision;
        self
    }

    /// A body with these headers, which come in place of those that each request has.
    async fn send(&self, headers: &[(&str, &str)], body: &str) -> Got {
        let usual = [
            ("authorization", self.bearer.as_str()),
            ("host", "localhost:8080"),
            ("accept", "application/json, text/event-stream"),
            ("content-type", "application/json"),
        ];
        let mut request = Request::builder().method("POST").uri("/mcp");
        for (name, value) in usual {
            if !headers.iter().any(|(given, _)| *given == name) {
                request = request.header(name, value);
            }
        }
        for (name, value) in headers.iter().filter(|(_, value)| !value.is_empty()) {
            request = request.header(*name, *value);
        }
        self.api
            .send(request.body(Body::from(body.to_owned())).unwrap())
            .await
    }

    /// A request as the revision wants it; `more` is added to its parameters, as JSON.
    async fn request(&self, method: &str, params: Value) -> Got {
        let mut params = params;
        let name = params["name"].as_str().unwrap_or_default().to_owned();
        let mut headers = vec![("mcp-protocol-version", self.revision)];
        if self.revision == REVISIONS[0] {
            params["_meta"][REVISION] = self.revision.into();
            params["_meta"][CAPABILITIES] = json!({});
            headers.push(("mcp-method", method));
            headers.push(("mcp-name", &name));
        }
        let body = json!({"jsonrpc": "2.0", "id": 7, "method": method, "params": params});
        self.send(&headers, &body.to_string()).await
    }

    /// The result of a request.
    async fn result(&self, method: &str, params: Value) -> Value {
        let got = self.request(method, params).await;
        assert_eq!(got.status, 200, "{}", got.text());
        let reply = got.json();
        assert_eq!(
            (&reply["jsonrpc"], &reply["id"]),
            (&json!("2.0"), &json!(7)),
            "{reply}"
        );
        assert!(reply.get("error").is_none(), "{reply}");
        reply["result"].clone()
    }

    /// What a tool gives, which it gives as text, too.
    async fn call(&self, tool: &str, arguments: Value) -> Value {
        let result = self
            .result("tools/call", json!({"name": tool, "arguments": arguments}))
            .await;
        assert_eq!(result["isError"], false, "{tool}: {result}");
        let told: Value = serde_json::from_str(result["content"][0]["text"].as_str().unwrap()).unwrap();
        assert_eq!(told, result["structuredContent"], "{tool}");
        told
    }

    /// The problem that a tool refuses with.
    async fn refused(&self, tool: &str, arguments: Value) -> Value {
        let result = self
            .result("tools/call", json!({"name": tool, "arguments": arguments}))
            .await;
        problem(&result)
    }

    /// Code and field of the problem that a tool refuses with.
    async fn code(&self, tool: &str, arguments: Value) -> (String, Option<String>) {
        let problem = self.refused(tool, arguments).await;
        (
            text(&problem, "code"),
            problem["field"].as_str().map(str::to_owned),
        )
    }
}

/// The problem that a result has.
fn problem(result: &Value) -> Value {
    assert_eq!(result["isError"], true, "{result}");
    assert!(result.get("structuredContent").is_none(), "{result}");
    let problem: Value = serde_json::from_str(result["content"][0]["text"].as_str().unwrap()).unwrap();
    assert!(
        !text(&problem, "next").is_empty() && !text(&problem, "detail").is_empty(),
        "{problem}"
    );
    problem
}

/// The code of a fault.
fn fault(got: &Got) -> i64 {
    let reply = got.json();
    assert!(!text(&reply["error"], "message").is_empty(), "{reply}");
    assert!(reply.get("result").is_none(), "{reply}");
    reply["error"]["code"].as_i64().unwrap()
}
