//! Executions, the log, and who calls.

use domain::identity::{Role, Scope};
use serde_json::json;

use super::{Agent, Client, REVISIONS, key_of};
use crate::api::{Api, BOTH};
use crate::people::{Person, text};

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_execution_from_its_start_to_its_end() {
    for on in BOTH {
        let api = Api::new(on).await;
        let agent = Agent::new(&api).await;
        for revision in REVISIONS {
            let client = agent.client(&api).of(revision);
            let made = client
                .call(
                    "execution_start",
                    json!({"workflow": "triage", "aim": {"mission": "Find out"}, "lease_s": null}),
                )
                .await;
            let who = client.call("whoami", json!({})).await;
            assert_eq!(
                (&made["status"], &made["agent"]),
                (&json!("running"), &who["agent"]["id"]),
                "{made}"
            );
            let id = text(&made, "id");
            let steps = json!([{"kind": "tool", "name": "list_logins", "output": {"logins": 3}}]);
            let told = client
                .call("execution_step", json!({"id": id, "steps": steps}))
                .await;
            assert_eq!(told["steps"][0]["number"], 0, "{told}");
            let (outcome, more) = match revision {
                "2026-07-28" => ("completed", json!({"result": {"logins": 3}})),
                "2025-11-25" => ("failed", json!({"error_type": "timeout"})),
                _ => ("cancelled", json!({"reason": "asked for"})),
            };
            let mut end = json!({"id": id, "outcome": outcome});
            end.as_object_mut()
                .unwrap()
                .extend(more.as_object().unwrap().clone());
            for _ in 0..2 {
                let shown = client.call("execution_finish", end.clone()).await;
                assert_eq!(shown["status"], outcome, "{shown}");
            }
            let other =
                json!({"id": id, "outcome": if outcome == "failed" { "completed" } else { "failed" }});
            assert_eq!(
                client.code("execution_finish", other).await.0,
                "execution_finished"
            );
            // An argument of another outcome is none of this one.
            let mixed = json!({"id": id, "outcome": "completed", "error": "x"});
            assert_eq!(
                client.code("execution_finish", mixed).await,
                ("invalid_field".to_owned(), Some("error".to_owned()))
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_is_the_entry_that_its_endpoint_makes() {
    for on in BOTH {
        let api = Api::new(on).await;
        let agent = Agent::new(&api).await;
        let client = agent.client(&api);
        let before = api.size().await;
        let parent = format!("00-{TRACE}-00f067aa0ba902b7-01");
        let start = json!({"name": "execution_start", "arguments": {"workflow": "w"}, "_meta": {"traceparent": parent}});
        client.result("tools/call", start).await;
        let without = json!({"name": "execution_start", "arguments": {"workflow": "w"}, "_meta": {"traceparent": "00-x-y-01"}});
        client.result("tools/call", without).await;
        // What only reads makes none.
        for tool in ["whoami", "audit_search", "activity_list"] {
            client.call(tool, json!({})).await;
        }
        let entries = api.entries_from(before).await;
        assert_eq!(entries.len(), 2, "{entries:?}");
        assert!(
            entries.iter().all(|entry| entry["action"] == "execution.start"),
            "{entries:?}"
        );
        let trace = |at: usize| {
            entries[at]["evidence"]["leaf"].to_string().contains(TRACE)
                || entries[at].to_string().contains(TRACE)
        };
        assert!(trace(0) && !trace(1), "{entries:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_log_is_searched_and_proved() {
    for on in BOTH {
        let api = Api::new(on).await;
        let agent = Agent::new(&api).await;
        let client = agent.client(&api);
        let page = client
            .call("audit_search", json!({"action": "agent.*", "limit": 1}))
            .await;
        let entry = &page["entries"][0];
        assert_eq!(entry["action"], "agent.create", "{page}");
        let direct = api.call_as(
            &agent.key,
            "GET",
            "/v1/audit/entries?action=agent.*&limit=1",
            &json!(null),
        );
        assert_eq!(direct.await.json(), page);
        let told = client.call("audit_receipt", json!({"id": entry["index"]})).await;
        let path = format!("/v1/audit/entries/{}/receipt", text(entry, "id"));
        let direct = api.call_as(&agent.key, "GET", &path, &json!(null)).await;
        assert_eq!(told["receipt"], direct.text());
        assert!(direct.text().starts_with("c2sp.org/tlog-proof@v1"));
        assert_eq!(
            client.code("audit_receipt", json!({"id": "999999"})).await.0,
            "unknown_entry"
        );
        let feed = client
            .call(
                "activity_list",
                json!({"by_timestamp": true, "order": "asc", "limit": 2}),
            )
            .await;
        assert_eq!(feed["activities"].as_array().unwrap().len(), 2, "{feed}");
        let who = client.call("whoami", json!({})).await;
        assert_eq!(
            (&who["agent"]["name"], &who["user"]["username"]),
            (&json!("triage"), &json!("ann")),
            "{who}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tool_takes_the_scopes_of_its_endpoint() {
    for on in BOTH {
        let api = Api::new(on).await;
        let ann = Person::new(&api, "ann", Role::DEVELOPER).await;
        let reads = Client::new(&api, &key_of(&api, &ann, "triage", &["read"]).await);
        let before = api.size().await;
        for (tool, arguments) in [
            ("execution_start", json!({"workflow": "w"})),
            ("propose_action", json!({"action": "a", "arguments": {}})),
        ] {
            let problem = reads.refused(tool, arguments).await;
            assert_eq!(problem["code"], "scope_missing", "{problem}");
            assert_eq!(problem["status"], 403);
            assert!(text(&problem, "next").contains("scopes"), "{problem}");
        }
        // Each of them is an entry, as over HTTP.
        let entries = api.entries_from(before).await;
        assert_eq!(entries.len(), 2, "{entries:?}");
        assert!(
            entries.iter().all(|entry| entry["outcome"] == "refused"),
            "{entries:?}"
        );
        let acts = Client::new(&api, &key_of(&api, &ann, "triage", &["workflows"]).await);
        for tool in ["audit_search", "activity_list"] {
            assert_eq!(acts.code(tool, json!({})).await.0, "scope_missing", "{tool}");
        }
        acts.call("execution_start", json!({"workflow": "w"})).await;
        // Who may not read the log at all is told so.
        api.new_user("uma", Role::USER).await;
        let uma = Client::new(&api, &api.new_key("uma", &[Scope::Read]).await.0);
        assert_eq!(uma.code("audit_search", json!({})).await.0, "permission_missing");
    }
}
