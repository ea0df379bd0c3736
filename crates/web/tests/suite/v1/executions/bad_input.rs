//! What is refused for what it holds.

use domain::identity::Role;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::api::{Api, On};
use crate::people::{Person, assert_refused, text};

const LIST: &str = "/v1/executions";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn executions() {
    let api = Api::new(On::Sqlite).await;
    let ann = Person::new(&api, "ann", Role::USER).await;
    let with = |name: &str, value: Value| {
        let mut body = json!({"workflow": "w"});
        body[name] = value;
        body
    };
    let mut cases = [
        (json!({}), "workflow"),
        (with("workflow", json!(7)), "workflow"),
        (with("workflow", json!("")), "workflow"),
        (with("workflow", json!("x".repeat(201))), "workflow"),
        (with("trace_id", json!("x".repeat(65))), "trace_id"),
        (with("drag_mode", json!("grunt_work")), "drag_mode"),
        (with("lease_s", json!(9)), "lease_s"),
        (with("lease_s", json!(86_401)), "lease_s"),
        (with("lease_s", json!(-1)), "lease_s"),
        (with("lease_s", json!("60")), "lease_s"),
        (with("aim", json!({"goal": "x"})), "aim.goal"),
        (with("aim", json!({"actor": ""})), "aim.actor"),
        (with("aim", json!({"input": []})), "aim.input"),
        (with("conversation", json!("x")), "conversation"),
        (with("parent", json!(7)), "parent"),
        (with("status", json!("failed")), "status"),
        (with("agent", json!(7)), "agent"),
        (with("agent", json!(["triage"])), "agent"),
        (with("id", json!(Uuid::nil())), "id"),
    ]
    .map(|(body, field)| (body, 400, "invalid_field", Some(field)))
    .to_vec();
    let nobody = json!(Uuid::from_u128(7));
    cases.push((
        with("parent", nobody.clone()),
        404,
        "unknown_execution",
        Some("parent"),
    ));
    cases.push((
        with("conversation", nobody),
        404,
        "unknown_conversation",
        Some("conversation"),
    ));
    assert_refused(&api, &ann, LIST, cases).await;
    let page = ann.get(&api, LIST).await.json();
    assert_eq!(page["executions"], json!([]));
    for (query, field) in [
        ("status=lapsed", "status"),
        ("drag_mode=x", "drag_mode"),
        ("parent=x", "parent"),
        ("from=yesterday", "from"),
        ("cursor=x", "cursor"),
    ] {
        let got = ann.get(&api, &format!("{LIST}?{query}")).await;
        got.assert_problem(400, "invalid_field", Some(field));
    }
    let made = ann.post(&api, LIST, json!({"workflow": "w"})).await.json();
    let path = format!("{LIST}/{}", text(&made, "id"));
    for (verb, body, field) in [
        ("complete", json!({"result": 7}), "result"),
        ("complete", json!({"error": "x"}), "error"),
        ("fail", json!({"error_type": "lease_lapsed"}), "error_type"),
        ("fail", json!({"error": "x".repeat(1_001)}), "error"),
        ("cancel", json!({"reason": ""}), "reason"),
    ] {
        let cases = vec![(body, 400, "invalid_field", Some(field))];
        assert_refused(&api, &ann, &format!("{path}/{verb}"), cases).await;
    }
    for verb in ["heartbeat", "complete", "fail", "cancel"] {
        let got = ann.post(&api, &format!("{LIST}/7/{verb}"), json!({})).await;
        got.assert_problem(400, "invalid_field", Some("id"));
    }
    assert_eq!(ann.get(&api, &path).await.json()["status"], "running");
}

/// Who starts it may name an agent of their own, or any where they keep what belongs to all; one that is there and enabled.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn agents_that_it_cannot_be_by() {
    let api = Api::new(On::Sqlite).await;
    let ann = Person::new(&api, "ann", Role::USER).await;
    let bob = Person::new(&api, "bob", Role::DEVELOPER).await;
    let root = Person::new(&api, "root", Role::ADMIN).await;
    let mut ids = Vec::new();
    for (name, way) in [("triage", "enable"), ("stopped", "disable")] {
        let made = bob.post(&api, "/v1/agents", json!({ "name": name })).await;
        assert_eq!(made.status, 201, "{}", made.text());
        ids.push(made.json()["id"].clone());
        let switched = root
            .post(&api, &format!("/v1/agents/{name}/{way}"), json!({}))
            .await;
        assert_eq!(switched.status, 200, "{}", switched.text());
    }
    let by = |agent: &Value| json!({"workflow": "w", "agent": agent});
    for nobody in [json!("nobody"), json!(Uuid::from_u128(7))] {
        let unknown = (by(&nobody), 404, "unknown_agent", Some("agent"));
        assert_refused(&api, &bob, LIST, vec![unknown]).await;
    }
    let stopped = (by(&ids[1]), 409, "agent_disabled", Some("agent"));
    assert_refused(&api, &bob, LIST, vec![stopped]).await;
    // Whether there is one, who may not name it does not learn.
    let cases = ids.iter().map(|id| (by(id), 404, "unknown_agent", Some("agent")));
    assert_refused(&api, &ann, LIST, cases.collect()).await;
    for who in [&bob, &root] {
        let made = who.post(&api, LIST, by(&ids[0])).await;
        assert_eq!(made.status, 201, "{}", made.text());
        assert_eq!(made.json()["agent"], ids[0]);
    }
}
