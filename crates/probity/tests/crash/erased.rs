//! What agents say by MCP and by OpenTelemetry: nothing of it is left, wherever Probity writes, once the one is erased for whom
//! they act. Their keys are nowhere at any time.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::client::Client;
use crate::everywhere::Everywhere;
use crate::harness::{Place, on_both};
use crate::identity::{PASSWORD, admin_key, done, log_in};
use crate::mcp::{call_tool, given, post};
use crate::server::{SERVE, Server};

/// With what each thing begins that is looked for.
const MARK: &str = "quince-";

/// What was said.
#[derive(Default)]
struct Said(BTreeSet<String>);

impl Said {
    /// A word for this, and no other.
    fn word(&mut self, name: &str) -> String {
        let word = format!("{MARK}{name}.");
        self.0.insert(word.clone());
        word
    }

    fn object(&mut self, name: &str) -> Value {
        json!({"a": self.word(name)})
    }
}

#[test]
fn what_agents_said_is_nowhere_once_it_is_erased() {
    on_both(|place| {
        let admin = admin_key(place);
        let mut serve = place.command(&SERVE);
        serve.env("PROBITY_LOG", "trace");
        let server = Server::start(serve, place.path("serve.log"));
        let client = &mut Client::new(server.address, &admin);
        done(
            client,
            "/v1/users",
            &json!({"username": "ann", "role": "developer"}),
        );
        let cora = json!({"username": "cora", "role": "compliance", "password": PASSWORD});
        done(client, "/v1/users", &cora);
        let key = agent_key(place);
        let mut said = Said::default();
        let approval = by_mcp(&server, &key, &mut said);
        by_opentelemetry(&server, &key, &mut said);
        unheard(&server, &key);

        let secrets = [key.as_str(), &key[10..]];
        let is_secret = |all: &Everywhere| secrets.iter().all(|secret| all.find(secret.as_bytes()).is_none());
        let all = Everywhere::of(place).with(answers(place, client, &approval));
        let found = |word: &&String| all.find(word.as_bytes()).is_some();
        let lost: Vec<_> = said.0.iter().filter(|word| !found(word)).collect();
        assert!(lost.is_empty(), "not to be found at all: {lost:?}");
        assert_eq!(all.find(b"quince-unheard"), None);
        assert!(is_secret(&all));

        done(client, "/v1/users/ann/erase", &json!({"reason": "asked to"}));
        let answers = answers(place, client, &approval);
        server.kill();
        // Else PostgreSQL keeps old versions of rows in its files for a while, and SQLite its write-ahead log.
        place.run(&["db", "compact", "--yes"]).expect(0);
        let left = Everywhere::of(place).with(answers);
        for word in &said.0 {
            assert_eq!(left.find(word.as_bytes()), None, "{word} is left");
        }
        assert_eq!(left.find(MARK.as_bytes()), None);
        assert!(is_secret(&left));
        assert!(left.find(b"asked to").is_some(), "what is there is found");
        place.run(&["audit", "verify"]).expect(0);
    });
}

/// The key of an agent that acts for somebody.
fn agent_key(place: &Place) -> String {
    place
        .run(&["agent", "create", "triage", "--user", "ann"])
        .expect(0);
    let scopes = "read,governance,workflows";
    let made = place.json(&[
        "key", "create", "--agent", "triage", "--name", "x", "--scopes", scopes,
    ]);
    made["key"].as_str().unwrap().to_owned()
}

/// What is told of an approval, and what the server tells of metrics and in lists.
fn answers(place: &Place, client: &mut Client, approval: &str) -> Vec<(String, Vec<u8>)> {
    let paths = [
        "/v1/approvals?limit=1000",
        "/v1/executions?limit=1000",
        "/v1/activity?limit=1000",
        "/v1/audit/entries?limit=1000",
        "/v1/conversations?limit=1000",
        "/metrics",
    ];
    let ask = |path: &str| {
        let answer = client.get(path).unwrap();
        assert_eq!(
            answer.status,
            200,
            "{path}: {}",
            String::from_utf8_lossy(&answer.body)
        );
        (path.to_owned(), answer.body)
    };
    let mut all: Vec<_> = paths.map(ask).into();
    let evidence = place.run(&["approval", "evidence", approval]).expect(0).out;
    all.push(("evidence".to_owned(), evidence.into_bytes()));
    all
}

/// An execution with a step; an approval that is rejected, and one that is granted, used and reported. Gives the latter.
fn by_mcp(server: &Server, key: &str, said: &mut Said) -> String {
    let cora = &log_in(server, &json!({"username": "cora", "password": PASSWORD}));
    let agent = &mut Client::new(server.address, key);
    let mut tool = |name: &str, arguments: &Value| given(&call_tool(agent, name, arguments).unwrap());
    let id_of = |made: &Value| made["id"].as_str().unwrap().to_owned();
    let vote = |id: &str, vote: Value| {
        done(
            &mut Client::new(server.address, cora),
            &format!("/v1/approvals/{id}/vote"),
            &vote,
        );
    };
    let aim =
        json!({"actor": said.word("actor"), "mission": said.word("mission"), "input": said.object("given")});
    let started = tool("execution_start", &json!({"workflow": "triage", "aim": aim})).unwrap();
    let execution = id_of(&started);
    let step = json!({"kind": "tool", "name": "search", "input": said.object("went-in"), "output": said.object("came-out")});
    tool("execution_step", &json!({"id": execution, "steps": [step]})).unwrap();

    let mut ask =
        json!({"action": "load.ask", "arguments": said.object("argument"), "reason": said.word("reason")});
    ask["execution"] = json!(execution);
    let rejected = id_of(&tool("propose_action", &ask).unwrap());
    let suggested = said.object("suggested");
    vote(
        &rejected,
        json!({"approve": false, "reason": said.word("against"), "suggested_arguments": suggested}),
    );
    let granted = id_of(&tool("propose_action", &ask).unwrap());
    vote(&granted, json!({"approve": true, "reason": said.word("for")}));
    let mut using = json!({"id": granted, "action": "load.ask", "arguments": {"a": "quince-unheard"}});
    assert_eq!(
        tool("approval_use", &using).unwrap_err()["code"],
        "approval_differs"
    );
    using["arguments"] = ask["arguments"].clone();
    tool("approval_use", &using).unwrap();
    let outcome = json!({"id": granted, "outcome": "failed", "result": said.object("outcome")});
    tool("approval_outcome", &outcome).unwrap();

    let end = json!({"id": execution, "outcome": "completed", "result": said.object("result")});
    tool("execution_finish", &end).unwrap();
    granted
}

fn attributes(all: Vec<(&str, String)>) -> Value {
    let attribute = |(key, value)| json!({"key": key, "value": {"stringValue": value}});
    all.into_iter().map(attribute).collect::<Vec<Value>>().into()
}

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";

/// A trace of a root that failed, a question to a model and a call of a tool, and a record of what a model said.
fn by_opentelemetry(server: &Server, key: &str, said: &mut Said) {
    let span = |id: u64, attributes: Value| {
        json!({
            "traceId": TRACE, "spanId": format!("{id:016x}"), "parentSpanId": if id == 1 { "" } else { "0000000000000001" },
            "name": "x", "startTimeUnixNano": "1790000000000000000", "endTimeUnixNano": "1790000001000000000",
            "attributes": attributes,
        })
    };
    let mut root = span(
        1,
        attributes(vec![
            ("gen_ai.operation.name", "invoke_agent".to_owned()),
            // What a step is named by stays: of this one, its agent.
            ("gen_ai.agent.name", "triage".to_owned()),
            ("gen_ai.agent.id", said.word("told-agent")),
            ("gen_ai.agent.version", said.word("told-version")),
            ("user.id", said.word("told-user")),
            ("gen_ai.conversation.id", said.word("thread")),
            ("probity.aim.actor", said.word("told-actor")),
            ("probity.aim.mission", said.word("told-mission")),
        ]),
    );
    root["status"] = json!({"code": 2, "message": said.word("failure")});
    let asked = span(
        2,
        attributes(vec![
            ("gen_ai.operation.name", "chat".to_owned()),
            ("gen_ai.input.messages", said.word("messages")),
            ("gen_ai.output.messages", said.word("answer")),
            ("gen_ai.system_instructions", said.word("instructions")),
        ]),
    );
    let called = span(
        3,
        attributes(vec![
            ("gen_ai.tool.name", "search".to_owned()),
            ("gen_ai.tool.call.arguments", said.word("tool-arguments")),
            ("gen_ai.tool.call.result", said.word("tool-result")),
        ]),
    );
    let logged = json!({
        "traceId": TRACE, "spanId": "0000000000000002", "timeUnixNano": "1790000000500000000",
        "eventName": "gen_ai.choice", "body": {"stringValue": said.word("choice")},
    });
    let agent = &mut Client::new(server.address, key);
    let service = json!({"attributes": attributes(vec![("service.name", "shop".to_owned())])});
    let spans =
        json!({"resourceSpans": [{"resource": service, "scopeSpans": [{"spans": [root, asked, called]}]}]});
    assert_eq!(done(agent, "/otlp/v1/traces", &spans), json!({}));
    let logs = json!({"resourceLogs": [{"resource": service, "scopeLogs": [{"logRecords": [logged]}]}]});
    assert_eq!(done(agent, "/otlp/v1/logs", &logs), json!({}));
}

/// What is taken by nobody, and kept nowhere: not in the server's own log either.
fn unheard(server: &Server, key: &str) {
    let agent = &mut Client::new(server.address, key);
    let word = "quince-unheard";
    let span = json!({
        "traceId": "0".repeat(32), "spanId": "0000000000000001", "name": word, "startTimeUnixNano": "1", "endTimeUnixNano": "2",
        "attributes": attributes(vec![("gen_ai.tool.name", "x".to_owned()), ("gen_ai.tool.call.arguments", word.to_owned())]),
    });
    let spans = json!({"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]});
    let answer = done(agent, "/otlp/v1/traces", &spans);
    assert!(answer["partialSuccess"].is_object(), "{answer}");
    for path in ["/otlp/v1/traces", "/otlp/v1/logs"] {
        let answer = agent.post(
            path,
            &json!({"resourceSpans": word, "resourceLogs": word}).to_string(),
        );
        assert_eq!(answer.unwrap().status, 400);
    }
    for message in [
        json!({"jsonrpc": "2.0", "id": word, "method": word}),
        json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": word}}),
        json!({"jsonrpc": word, "id": 1, "method": "ping"}),
    ] {
        let reply = post(agent, &message.to_string()).unwrap().json();
        assert!(reply["error"].is_object(), "{reply}");
    }
    for arguments in [
        json!({"workflow": "w", "aim": {"mission": 7, "actor": word}}),
        json!({"workflow": "w", word: word}),
        json!({"workflow": "w", "lease_s": 1, "aim": {"mission": word}}),
    ] {
        let problem = given(&call_tool(agent, "execution_start", &arguments).unwrap()).unwrap_err();
        assert_eq!(problem["code"], "invalid_field", "{problem}");
    }
}
