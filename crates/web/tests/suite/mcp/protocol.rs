//! Messages, revisions, and the list of tools.

use serde_json::{Value, json};

use super::{CAPABILITIES, Client, REVISION, REVISIONS, fault, problem};
use crate::api::{Api, On};

/// The tools as clients see them, so that a change is a diff; with `PROBITY_WRITE_EXPECTED=1` it is written.
const GOLDEN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/tools.json");

/// Whoever adds one thinks of it here, too: no tool votes, makes keys, erases, or switches agents.
const NAMES: [&str; 11] = [
    "execution_start",
    "execution_step",
    "execution_finish",
    "propose_action",
    "approval_status",
    "approval_use",
    "approval_outcome",
    "audit_search",
    "audit_receipt",
    "activity_list",
    "whoami",
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_tools_are_those_that_clients_were_given() {
    let api = Api::new(On::Sqlite).await;
    let mut lists = Vec::new();
    for revision in REVISIONS {
        let result = Client::new(&api, &api.key)
            .of(revision)
            .result("tools/list", json!({}))
            .await;
        assert_eq!(result.get("ttlMs").is_some(), revision == REVISIONS[0]);
        lists.push(result["tools"].clone());
    }
    assert!(lists.iter().all(|tools| *tools == lists[0]));
    let tools = lists[0].as_array().unwrap();
    let names: Vec<&str> = tools.iter().map(|tool| tool["name"].as_str().unwrap()).collect();
    assert_eq!(names, NAMES);
    for tool in tools {
        let hint = |name: &str| tool["annotations"][name].as_bool().unwrap();
        let reads = ["status", "search", "receipt", "list", "whoami"];
        let name = tool["name"].as_str().unwrap();
        assert_eq!(
            hint("readOnlyHint"),
            reads.iter().any(|word| name.ends_with(word)),
            "{name}"
        );
        let uses_up = ["execution_finish", "approval_use"].contains(&name);
        assert_eq!(hint("destructiveHint"), uses_up, "{name}");
        assert!(!hint("openWorldHint"));
        assert_eq!(tool["inputSchema"]["additionalProperties"], false, "{name}");
    }
    let found = serde_json::to_string_pretty(&lists[0]).unwrap() + "\n";
    if std::env::var_os("PROBITY_WRITE_EXPECTED").is_some() {
        std::fs::write(GOLDEN, &found).unwrap();
    }
    let expected = std::fs::read_to_string(GOLDEN).unwrap_or_default();
    assert!(
        found == expected,
        "another list; to write it anew: PROBITY_WRITE_EXPECTED=1"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clients_that_begin_with_initialize() {
    let api = Api::new(On::Sqlite).await;
    for (wanted, agreed) in [
        ("2025-06-18", "2025-06-18"),
        ("2025-11-25", "2025-11-25"),
        ("2026-07-28", "2025-11-25"),
        ("2024-11-05", "2025-11-25"),
    ] {
        let client = Client::new(&api, &api.key);
        let params = json!({"protocolVersion": wanted, "capabilities": {"elicitation": {}}, "clientInfo": {"name": "t", "version": "1"}});
        let begin = json!({"jsonrpc": "2.0", "id": "a", "method": "initialize", "params": params});
        let got = client.send(&[], &begin.to_string()).await;
        let reply = got.json();
        assert_eq!(reply["id"], "a");
        assert_eq!(reply["result"]["protocolVersion"], agreed);
        assert_eq!(reply["result"]["capabilities"], json!({"tools": {}}));
        assert_eq!(reply["result"]["serverInfo"]["name"], "probity");
        assert!(reply["result"].get("resultType").is_none());
        assert_eq!(got.header("mcp-session-id"), "");
        let told = r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#;
        let got = client.send(&[("mcp-protocol-version", agreed)], told).await;
        assert_eq!((got.status.as_u16(), got.text()), (202, ""));
    }
    let client = Client::new(&api, &api.key);
    let got = client
        .send(
            &[],
            r#"{"jsonrpc":"2.0","id":1,"method":"initialize","params":{}}"#,
        )
        .await;
    assert_eq!((got.status.as_u16(), fault(&got)), (400, -32_602));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clients_that_say_all_in_each_request() {
    let api = Api::new(On::Sqlite).await;
    let client = Client::new(&api, &api.key);
    let found = client.result("server/discover", json!({})).await;
    assert_eq!(found["supportedVersions"], json!(REVISIONS));
    assert_eq!(
        (&found["resultType"], &found["cacheScope"]),
        (&json!("complete"), &json!("public"))
    );
    assert_eq!(
        found["_meta"]["io.modelcontextprotocol/serverInfo"]["name"],
        "probity"
    );
    let who = client.result("tools/call", json!({"name": "whoami"})).await;
    assert_eq!(who["resultType"], "complete");
    // What only earlier revisions have is not there, and the other way round.
    for method in ["initialize", "ping", "resources/list", "subscriptions/listen"] {
        let got = client
            .request(method, json!({"protocolVersion": REVISIONS[0]}))
            .await;
        assert_eq!((got.status.as_u16(), fault(&got)), (404, -32_601), "{method}");
    }
    for method in ["server/discover", "prompts/list", "logging/setLevel"] {
        let got = Client::new(&api, &api.key)
            .of(REVISIONS[1])
            .request(method, json!({}))
            .await;
        assert_eq!((got.status.as_u16(), fault(&got)), (200, -32_601), "{method}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn headers_say_what_the_body_says() {
    let api = Api::new(On::Sqlite).await;
    let client = Client::new(&api, &api.key);
    let now = REVISIONS[0];
    let meta = |revision: &str| json!({REVISION: revision, CAPABILITIES: {}});
    let body = |meta: Value| {
        let params = json!({"name": "whoami", "_meta": meta});
        json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}).to_string()
    };
    let whole = body(meta(now));
    let headers = |version, method, name| {
        [
            ("mcp-protocol-version", version),
            ("mcp-method", method),
            ("mcp-name", name),
        ]
    };
    let got = client
        .send(&headers(now, "tools/call", "=?base64?d2hvYW1p?="), &whole)
        .await;
    assert_eq!(got.status, 200, "{}", got.text());
    for (headers, body, code) in [
        (headers("", "tools/call", "whoami"), whole.clone(), -32_020),
        (
            headers("2025-11-25", "tools/call", "whoami"),
            whole.clone(),
            -32_020,
        ),
        (headers(now, "", "whoami"), whole.clone(), -32_020),
        (headers(now, "tools/list", "whoami"), whole.clone(), -32_020),
        (headers(now, "tools/call", ""), whole.clone(), -32_020),
        (headers(now, "tools/call", "audit_search"), whole.clone(), -32_020),
        (headers(now, "tools/call", "=?base64?!?="), whole.clone(), -32_020),
        (headers(now, "tools/call", "whoami"), body(json!({})), -32_602),
        (
            headers(now, "tools/call", "whoami"),
            body(json!({REVISION: now})),
            -32_602,
        ),
        (
            headers("2030-01-01", "tools/call", "whoami"),
            body(meta("2030-01-01")),
            -32_022,
        ),
        (headers("2030-01-01", "", ""), body(json!({})), -32_022),
        (headers("2025-03-26", "", ""), body(json!({})), -32_022),
        (headers("", "", ""), body(json!({})), -32_020),
    ] {
        let got = client.send(&headers, &body).await;
        assert_eq!(
            (got.status.as_u16(), fault(&got)),
            (400, code),
            "{headers:?} {body}"
        );
        let reply = got.json();
        assert_eq!(reply["id"], 1);
        if code == -32_022 {
            assert_eq!(reply["error"]["data"]["supported"], json!(REVISIONS));
        }
        assert!(code == -32_602 || code == -32_020 || reply["error"]["data"]["requested"] == headers[0].1);
    }
    let told = r#"{"jsonrpc":"2.0","method":"notifications/cancelled"}"#;
    let got = client.send(&[("mcp-protocol-version", "2030-01-01")], told).await;
    assert_eq!((got.status.as_u16(), fault(&got)), (400, -32_022));
    assert_eq!(client.send(&[], told).await.status, 202);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_no_message() {
    let api = Api::new(On::Sqlite).await;
    let client = Client::new(&api, &api.key);
    for (body, code) in [
        ("", -32_700),
        ("{\"jsonrpc\":", -32_700),
        ("[]", -32_600),
        (r#"[{"jsonrpc":"2.0","id":1,"method":"ping"}]"#, -32_600),
        (
            r#"{"jsonrpc":"2.0","method":"tools/call","params":{"name":"whoami"}}"#,
            -32_600,
        ),
        (r#"{"jsonrpc":"2.0","id":null,"method":"ping"}"#, -32_600),
        // Nothing that a client answers with counts: the server asks for nothing.
        (
            r#"{"jsonrpc":"2.0","id":1,"result":{"action":"accept"}}"#,
            -32_600,
        ),
        (r#"{"jsonrpc":"2.0","id":1,"method":"ping","params":[]}"#, -32_602),
    ] {
        let got = client.send(&[("mcp-protocol-version", REVISIONS[2])], body).await;
        assert_eq!((got.status.as_u16(), fault(&got)), (400, code), "{body}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn calls_of_no_tool_and_with_no_such_argument() {
    let api = Api::new(On::Sqlite).await;
    let client = Client::new(&api, &api.key).of(REVISIONS[1]);
    for params in [
        json!({"name": "approval_vote", "arguments": {}}),
        json!({"arguments": {}}),
        json!({"name": 7}),
        json!({"name": "whoami", "arguments": []}),
        json!({"name": "whoami", "arguments": "{}"}),
    ] {
        let got = client.request("tools/call", params.clone()).await;
        assert_eq!((got.status.as_u16(), fault(&got)), (200, -32_602), "{params}");
    }
    let got = client.request("tools/list", json!({"cursor": "2"})).await;
    assert_eq!((got.status.as_u16(), fault(&got)), (200, -32_602));
    for (tool, arguments, field) in [
        ("whoami", json!({"a": 1}), "a"),
        ("approval_status", json!({}), "id"),
        ("approval_status", json!({"id": null}), "id"),
        ("approval_status", json!({"id": ""}), "id"),
        ("approval_status", json!({"id": ["x"]}), "id"),
        ("approval_status", json!({"id": "x/vote"}), "id"),
        ("approval_status", json!({"id": "x", "wait": 1}), "wait"),
        (
            "approval_status",
            json!({"id": "x", "wait_seconds": 26}),
            "wait_seconds",
        ),
        (
            "approval_status",
            json!({"id": "x", "wait_seconds": -1}),
            "wait_seconds",
        ),
        (
            "approval_status",
            json!({"id": "x", "wait_seconds": 1.5}),
            "wait_seconds",
        ),
        ("execution_finish", json!({"id": "x"}), "outcome"),
        (
            "execution_finish",
            json!({"id": "x", "outcome": "won"}),
            "outcome",
        ),
        ("execution_finish", json!({"outcome": "failed"}), "id"),
        ("execution_start", json!({}), "workflow"),
        ("execution_start", json!({"workflow": 7}), "workflow"),
        ("audit_search", json!({"limit": 1001}), "limit"),
        ("audit_search", json!({"actor": {}}), "actor"),
        (
            "activity_list",
            json!({"by_timestamp": "perhaps"}),
            "by_timestamp",
        ),
    ] {
        let (code, named) = client.code(tool, arguments.clone()).await;
        assert_eq!(
            (code.as_str(), named.as_deref()),
            ("invalid_field", Some(field)),
            "{tool} {arguments}"
        );
    }
    // A member that is there twice has no one reading: it is refused wherever it stands.
    for arguments in [
        r#"{"action":"a","action":"b","arguments":{}}"#,
        r#"{"action":"a","arguments":{"n":1,"n":2}}"#,
        r#"{"action":"a","arguments":{"n":0.10000000000000000001}}"#,
    ] {
        let body = format!(
            r#"{{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{{"name":"propose_action","arguments":{arguments}}}}}"#
        );
        let got = client
            .send(&[("mcp-protocol-version", REVISIONS[1])], &body)
            .await;
        let problem = problem(&got.json()["result"]);
        assert_eq!(problem["code"], "invalid_field", "{problem}");
    }
}
