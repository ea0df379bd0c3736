//! What is refused for what it holds.

use domain::identity::Role;
use serde_json::{Value, json};

use crate::api::{Api, On};
use crate::people::{Person, assert_refused, text};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn conversations() {
    let api = Api::new(On::Sqlite).await;
    let ann = Person::new(&api, "ann", Role::USER).await;
    let with = |name: &str, value: Value| {
        let mut body = json!({"thread_id": "t"});
        body[name] = value;
        body
    };
    let invalid = [
        (json!({}), "thread_id"),
        (with("thread_id", json!(7)), "thread_id"),
        (with("thread_id", json!("")), "thread_id"),
        (with("thread_id", json!("x".repeat(257))), "thread_id"),
        (with("thread_id", json!("a\u{0}b")), "thread_id"),
        (with("title", json!("")), "title"),
        (with("title", json!("x".repeat(201))), "title"),
        (with("context", json!([])), "context"),
        (with("context", json!({"a": "x".repeat(65_536)})), "context"),
        (
            with("context", json!({"a": 9_007_199_254_740_993_u64})),
            "context.a",
        ),
        (with("status", json!("ended")), "status"),
        (with("id", json!("x")), "id"),
        (with("user", json!("\u{0}")), "user"),
    ]
    .map(|(body, field)| (body, 400, "invalid_field", Some(field)));
    assert_refused(&api, &ann, "/v1/conversations", invalid.to_vec()).await;
    let page = ann.get(&api, "/v1/conversations").await.json();
    assert_eq!(page["conversations"], json!([]));
    for (query, field) in [
        ("status=open", "status"),
        ("order=up", "order"),
        ("limit=1001", "limit"),
        ("cursor=x", "cursor"),
    ] {
        let got = ann.get(&api, &format!("/v1/conversations?{query}")).await;
        got.assert_problem(400, "invalid_field", Some(field));
    }
    let made = ann
        .post(&api, "/v1/conversations", json!({"thread_id": "t"}))
        .await;
    let path = format!("/v1/conversations/{}", text(&made.json(), "id"));
    let bearer = format!("Bearer {}", ann.session);
    for (body, field) in [
        (json!({"thread_id": "u"}), "thread_id"),
        (json!({"title": 7}), "title"),
        (json!({"title": ""}), "title"),
        (json!({"context": "{}"}), "context"),
    ] {
        let headers = [("authorization", &*bearer), ("if-match", "*")];
        let got = api.call_with(&headers, "PATCH", &path, &body).await;
        got.assert_problem(400, "invalid_field", Some(field));
    }
    let got = api
        .call_as(&ann.session, "PATCH", &path, &json!({"title": "x"}))
        .await;
    got.assert_problem(428, "if_match_required", None);
    let got = ann
        .post(&api, &format!("{path}/end"), json!({"reason": "x"}))
        .await;
    got.assert_problem(400, "invalid_field", Some("reason"));
    let got = ann.get(&api, "/v1/conversations/7").await;
    got.assert_problem(400, "invalid_field", Some("id"));
}
