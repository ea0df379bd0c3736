use std::io::Read as _;

use serde_json::Value;

use crate::harness::on_both;
use crate::server::Server;

/// What was asked for and how it was answered: without the query, without credentials, and only where it is asked for.
#[test]
fn each_request_is_a_line_of_the_log_at_debug() {
    on_both(|place| {
        let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
        let made = place.json(&["key", "create", "--name", "x", "--scopes", "read,write"]);
        let key = made["key"].as_str().unwrap();
        let bearer = format!("Authorization: Bearer {key}\r\n");
        let traced = format!("{bearer}traceparent: 00-{trace}-00f067aa0ba902b7-01\r\n");
        let lines = |level: &str| -> Vec<Value> {
            let envs = [("PROBITY_LOG", level), ("PROBITY_LOG_FORMAT", "json")];
            let mut server = Server::start_with(place, &[], &envs);
            server.get("/v1/audit/entries/1?text=needle", &traced);
            server.get("/v1/audit/entries/0", &traced);
            let bob = r#"{"username":"bob","role":"viewer","invite":true}"#;
            server.post("/v1/users", &bearer, bob);
            server.get("/nowhere/prb_secret", "");
            server.post("/v1/me", "", "{}");
            let event = r#"{"actor":{"kind":"user"},"action":"told.of"}"#;
            server.post("/v1/audit/entries", &bearer, event);
            let mut err = server.child.stderr.take().unwrap();
            let reader = std::thread::spawn(move || {
                let mut text = String::new();
                err.read_to_string(&mut text).unwrap();
                text
            });
            assert_eq!(server.stop("-TERM").0, Some(0));
            let text = reader.join().unwrap();
            for secret in [key, "needle", "prb_secret"] {
                assert!(!text.contains(secret), "{secret}: {text}");
            }
            let parsed = text
                .lines()
                .map(|line| serde_json::from_str::<Value>(line).unwrap());
            parsed.filter(|line| line["message"] == "request").collect()
        };
        assert!(lines("info").is_empty());
        let told = lines("info,web=debug");
        let newest = place.json(&["audit", "list", "--limit", "1"])["entries"][0]["index"].clone();
        let expected = [
            (
                "GET",
                "/v1/audit/entries/1",
                400,
                "unknown_parameter",
                false,
                true,
            ),
            ("GET", "/v1/audit/entries/0", 200, "", false, true),
            ("POST", "/v1/users", 403, "scope_missing", true, false),
            ("GET", "/nowhere/prb_…", 404, "unknown_path", false, false),
            ("POST", "/v1/me", 405, "method_not_allowed", false, false),
            ("POST", "/v1/audit/entries", 201, "", true, false),
        ];
        assert_eq!(told.len(), expected.len(), "{told:#?}");
        for (line, (method, path, status, code, entry, of_trace)) in told.iter().zip(expected) {
            let text = |name: &str| line[name].as_str().unwrap_or_default();
            assert_eq!(
                (text("method"), text("path"), text("code")),
                (method, path, code),
                "{line}"
            );
            assert_eq!(line["status"], status, "{line}");
            assert_eq!(line["entry"].is_u64(), entry, "{line}");
            assert_eq!(text("trace_id"), if of_trace { trace } else { "" }, "{line}");
            assert!(line["micros"].is_u64(), "{line}");
        }
        assert_eq!(told[5]["entry"], newest, "the entry that it made");
    });
}

/// What conversations, executions and steps hold is in no line of the log, however much is asked for, nor is a step that is refused.
#[test]
fn no_content_is_in_the_log() {
    on_both(|place| {
        let made = place.json(&["key", "create", "--name", "x", "--scopes", "workflows,read"]);
        let bearer = format!("Authorization: Bearer {}\r\n", made["key"].as_str().unwrap());
        let envs = [("PROBITY_LOG", "trace"), ("PROBITY_LOG_FORMAT", "json")];
        let mut server = Server::start_with(place, &[], &envs);
        let mut err = server.child.stderr.take().unwrap();
        let reader = std::thread::spawn(move || {
            let mut text = String::new();
            err.read_to_string(&mut text).unwrap();
            text
        });
        let post = |path: &str, status: u16, body: &str| {
            let answer = server.post(path, &bearer, body);
            assert!(
                answer.starts_with(&format!("HTTP/1.1 {status}")),
                "{path}: {answer}"
            );
            serde_json::from_str::<Value>(answer.split_once("\r\n\r\n").unwrap().1).unwrap()
        };
        let talk = r#"{"thread_id":"quince-1","title":"quince-2","context":{"a":"quince-3"}}"#;
        post("/v1/conversations", 201, talk);
        let run =
            r#"{"workflow":"w","aim":{"actor":"quince-4","input":{"a":"quince-5"},"mission":"quince-6"}}"#;
        let made = post("/v1/executions", 201, run);
        let path = format!("/v1/executions/{}", made["id"].as_str().unwrap());
        let step = r#"{"steps":[{"kind":"tool","name":"x","input":"quince-7","output":"quince-8"}]}"#;
        post(&format!("{path}/steps"), 201, step);
        post(&format!("{path}/steps"), 400, &step.replace("tool", "quince-9"));
        post(&format!("{path}/fail"), 200, r#"{"error":"quince-10"}"#);
        post(
            &format!("{path}/complete"),
            409,
            r#"{"result":{"a":"quince-11"}}"#,
        );
        assert_eq!(server.stop("-TERM").0, Some(0));
        let text = reader.join().unwrap();
        assert!(text.contains(&path), "requests are told: {text}");
        assert!(!text.contains("quince"), "{text}");
    });
}
