//! What is refused for what it holds.

use serde_json::{Value, json};

use super::{Board, deploy};
use crate::api::{Api, On};
use crate::people::assert_refused;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn requests() {
    let api = Api::new(On::Sqlite).await;
    let board = Board::new(&api).await;
    let with = |name: &str, value: Value| {
        let mut body = deploy();
        body[name] = value;
        body
    };
    let long = json!("x".repeat(1_001));
    let mut deep = json!({});
    for _ in 0..40 {
        deep = json!({"a": deep});
    }
    let cases: Vec<(Value, Option<&str>)> = vec![
        (json!({}), Some("action")),
        (json!({"action": "a"}), Some("arguments")),
        (with("action", json!("")), Some("action")),
        (with("action", json!("Deploy it")), Some("action")),
        (with("action", json!("x".repeat(101))), Some("action")),
        (with("arguments", json!([])), Some("arguments")),
        (with("arguments", json!("x")), Some("arguments")),
        (
            with("arguments", json!({"text": "x".repeat(262_144)})),
            Some("arguments"),
        ),
        (with("reason", json!("")), Some("reason")),
        (with("reason", long), Some("reason")),
        (with("quorum", json!(0)), Some("quorum")),
        (with("quorum", json!(11)), Some("quorum")),
        (with("quorum", json!("2")), Some("quorum")),
        (
            with("expires_at", json!("2001-01-01T00:00:00Z")),
            Some("expires_at"),
        ),
        (
            with("expires_at", json!("2099-01-01T00:00:00Z")),
            Some("expires_at"),
        ),
        (with("expires_at", json!("soon")), Some("expires_at")),
        (with("id", json!("x")), Some("id")),
        (with("votes", json!([])), Some("votes")),
    ];
    let cases = cases
        .into_iter()
        .map(|(body, field)| (body, 400, "invalid_field", field));
    assert_refused(&api, &board.dev, "/v1/approvals", cases.collect()).await;
    let got = board
        .dev
        .post(&api, "/v1/approvals", with("arguments", deep))
        .await;
    assert_eq!(got.problem().0, 400, "{}", got.text());
    let bearer = format!("Bearer {}", board.dev.session);
    let twice = r#"{"action":"a","arguments":{"x":1,"x":2}}"#;
    let request = http::Request::post("/v1/approvals")
        .header("authorization", bearer)
        .header("content-type", "application/json");
    let got = api.send(request.body(twice.into()).unwrap()).await;
    assert_eq!(got.problem().0, 400, "{}", got.text());
    let page = board.root.get(&api, "/v1/approvals").await.json();
    assert_eq!(page["approvals"], json!([]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn votes_and_uses() {
    let api = Api::new(On::Sqlite).await;
    let board = Board::new(&api).await;
    let path = board.asked(&api, &board.dev, deploy()).await;
    let invalid = |body: Value, field| (body, 400, "invalid_field", Some(field));
    let cases = vec![
        invalid(json!({}), "approve"),
        invalid(json!({"approve": "yes"}), "approve"),
        invalid(json!({"approve": false}), "reason"),
        invalid(json!({"approve": false, "reason": ""}), "reason"),
        invalid(json!({"approve": true, "reason": "x".repeat(1_001)}), "reason"),
        invalid(json!({"approve": true, "user": "me"}), "user"),
        invalid(
            json!({"approve": true, "suggested_arguments": {}}),
            "suggested_arguments",
        ),
        invalid(
            json!({"approve": false, "reason": "no", "suggested_arguments": []}),
            "suggested_arguments",
        ),
        invalid(
            json!({"approve": false, "reason": "no", "suggested_arguments": {"a": "x".repeat(262_144)}}),
            "suggested_arguments",
        ),
    ];
    assert_refused(&api, &board.cora, &format!("{path}/vote"), cases).await;
    let cases = vec![
        invalid(json!({"arguments": {}}), "action"),
        invalid(json!({"action": "a"}), "arguments"),
        invalid(json!({"action": "a", "arguments": []}), "arguments"),
    ];
    assert_refused(&api, &board.dev, &format!("{path}/use"), cases).await;
    let cases = vec![
        invalid(json!({}), "outcome"),
        invalid(json!({"outcome": "done"}), "outcome"),
        invalid(json!({"outcome": "failed", "result": "no"}), "result"),
        invalid(
            json!({"outcome": "failed", "result": {"a": "x".repeat(262_144)}}),
            "result",
        ),
        invalid(json!({"outcome": "failed", "at": "now"}), "at"),
    ];
    assert_refused(&api, &board.dev, &format!("{path}/outcome"), cases).await;
    for (path, body) in [
        ("/v1/approvals/7/outcome", json!({"outcome": "failed"})),
        ("/v1/approvals/7/vote", json!({"approve": true})),
        ("/v1/approvals/7/withdraw", json!({})),
        ("/v1/approvals/7/use", json!({"action": "a", "arguments": {}})),
    ] {
        let got = board.root.post(&api, path, body).await;
        got.assert_problem(400, "invalid_field", Some("id"));
    }
    let shown = board.dev.get(&api, &path).await.json();
    assert_eq!(
        (&shown["status"], &shown["votes"]),
        (&json!("pending"), &json!([]))
    );
}
