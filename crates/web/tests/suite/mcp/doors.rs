//! Who may come in, before anything is read as a message.

use domain::identity::{Role, Scope};
use engine::IdentityOptions;
use serde_json::{Value, json};
use web::Settings;

use super::{Agent, Client, REVISIONS};
use crate::api::{Api, BOTH, On};
use crate::people::Person;

const PING: &str = r#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#;
const JUNE: (&str, &str) = ("mcp-protocol-version", REVISIONS[2]);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_an_api_key_comes_in() {
    for on in BOTH {
        let api = Api::new(on).await;
        let agent = Agent::new(&api).await;
        let client = agent.client(&api);
        let session = format!("Bearer {}", agent.owner.session);
        let cookie = format!("__Host-probity={}", agent.owner.session);
        for (headers, code, challenge) in [
            (vec![("authorization", "")], "no_credential", "Bearer"),
            (
                vec![
                    ("authorization", ""),
                    ("cookie", &*cookie),
                    ("sec-fetch-site", "same-origin"),
                ],
                "no_credential",
                "Bearer",
            ),
            (
                vec![("authorization", "Bearer prb_x")],
                "malformed_token",
                "Bearer error=\"invalid_token\"",
            ),
            (
                vec![("authorization", &*session)],
                "malformed_credential",
                "Bearer error=\"invalid_token\"",
            ),
        ] {
            let headers = [headers, vec![JUNE]].concat();
            let got = client.send(&headers, PING).await;
            got.assert_problem(401, code, None);
            // No metadata of OAuth: there is no server that would give a token.
            assert_eq!(got.header("www-authenticate"), challenge);
        }
        assert_eq!(client.send(&[JUNE], PING).await.json()["result"], json!({}));
        // The switch stops it at once.
        agent
            .owner
            .post(&api, "/v1/agents/triage/disable", json!({}))
            .await;
        let got = client.send(&[JUNE], PING).await;
        assert_eq!(got.problem().1, "agent_disabled", "{}", got.text());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn names_and_pages_of_others_are_kept_out() {
    let settings = Settings {
        hosts: "proxy.example".parse().unwrap(),
        ..Settings::default()
    };
    let api = Api::with(On::Sqlite, settings).await;
    let client = Client::new(&api, &api.key);
    for host in ["127.0.0.1:8080", "proxy.example", "localhost"] {
        let got = client.send(&[("host", host), JUNE], PING).await;
        assert_eq!(got.status, 200, "{host}: {}", got.text());
    }
    for host in ["evil.example", ""] {
        let got = client.send(&[("host", host), JUNE], PING).await;
        got.assert_problem(403, "host_not_named", None);
        assert!(got.text().contains("http.hosts"), "{}", got.text());
    }
    for (origin, good) in [
        ("http://localhost:8080", true),
        ("https://evil.example", false),
        ("null", false),
    ] {
        let got = client.send(&[("origin", origin), JUNE], PING).await;
        if good {
            assert_eq!(got.status, 200, "{origin}: {}", got.text());
        } else {
            got.assert_problem(403, "cross_site", None);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bodies_and_methods_that_are_not_taken() {
    let api = Api::new(On::Sqlite).await;
    let client = Client::new(&api, &api.key);
    for kind in ["text/plain", "application/x-www-form-urlencoded", ""] {
        let got = client.send(&[("content-type", kind), JUNE], PING).await;
        got.assert_problem(415, "unsupported_media_type", None);
    }
    let got = client.send(&[("content-encoding", "gzip"), JUNE], PING).await;
    got.assert_problem(415, "unsupported_encoding", None);
    let sized = |bytes: usize| {
        let frame = r#"{"jsonrpc":"2.0","id":1,"method":"ping","more":""}"#.len();
        format!(
            r#"{{"jsonrpc":"2.0","id":1,"method":"ping","more":"{}"}}"#,
            "x".repeat(bytes - frame)
        )
    };
    assert_eq!(client.send(&[JUNE], &sized(1 << 20)).await.status, 200);
    let got = client.send(&[JUNE], &sized((1 << 20) + 1)).await;
    got.assert_problem(413, "body_too_large", None);
    for method in ["GET", "DELETE", "PUT"] {
        let got = api.call_as(&api.key, method, "/mcp", &Value::Null).await;
        got.assert_problem(405, "method_not_allowed", None);
        assert_eq!(got.header("allow"), "POST");
    }
    let got = api.call_as(&api.key, "POST", "/mcp?a=b", &json!({})).await;
    got.assert_problem(400, "unknown_parameter", Some("a"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_is_one_request_of_the_quota_and_is_counted() {
    let options = IdentityOptions {
        key_requests_per_minute: 3,
        ..IdentityOptions::default()
    };
    for on in BOTH {
        let api = Api::standing(on, options.clone()).await;
        let dev = Person::new(&api, "dev", Role::DEVELOPER).await;
        let key = api.new_key("dev", &[Scope::Workflows]).await.0;
        let client = Client::new(&api, &key);
        for left in [2, 1, 0] {
            let got = client
                .request(
                    "tools/call",
                    json!({"name": "execution_start", "arguments": {"workflow": "w"}}),
                )
                .await;
            assert_eq!(got.status, 200, "{}", got.text());
            assert!(
                got.header("ratelimit").contains(&format!("r={left};")),
                "{}",
                got.header("ratelimit")
            );
        }
        let got = client.request("tools/list", json!({})).await;
        got.assert_problem(429, "rate_limited", None);
        assert_eq!(
            dev.get(&api, "/v1/executions").await.json()["executions"]
                .as_array()
                .unwrap()
                .len(),
            3
        );
        let told = api.get("/metrics").await;
        for line in [
            r#"probity_http_requests_total{route="/mcp",method="POST",status="2xx"} 3"#,
            r#"probity_http_requests_total{route="/mcp",method="POST",status="4xx"} 1"#,
            r#"probity_http_requests_total{route="/v1/executions",method="POST",status="2xx"} 3"#,
        ] {
            assert!(
                told.text().lines().any(|found| found == line),
                "{line} is not in\n{}",
                told.text()
            );
        }
    }
}
