//! What is refused for what it holds.

use domain::identity::Role;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::api::{Api, On};
use crate::people::{Person, assert_refused};

const LIST: &str = "/v1/metrics";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn metrics() {
    let api = Api::new(On::Sqlite).await;
    let ann = Person::new(&api, "ann", Role::USER).await;
    let with = |name: &str, value: Value| {
        let mut body = json!({"name": "m", "value": 1});
        body[name] = value;
        body
    };
    let mut cases = [
        (json!({"value": 1}), "name"),
        (json!({"name": "m"}), "value"),
        (with("name", json!("")), "name"),
        (with("name", json!("two words")), "name"),
        (with("name", json!("x".repeat(101))), "name"),
        (with("value", json!("1")), "value"),
        (with("value", Value::Null), "value"),
        (with("value", json!(9_007_199_254_740_993_u64)), "value"),
        (with("unit", json!("x".repeat(33))), "unit"),
        (with("unit", json!("")), "unit"),
        (with("workflow", json!("x".repeat(201))), "workflow"),
        (with("drag_mode", json!("none")), "drag_mode"),
        (with("at", json!("yesterday")), "at"),
        (with("at", json!("2999-01-01T00:00:00Z")), "at"),
        (with("execution", json!(7)), "execution"),
        (with("user", json!("me")), "user"),
        (with("id", json!(Uuid::nil())), "id"),
    ]
    .map(|(body, field)| (body, 400, "invalid_field", Some(field)))
    .to_vec();
    let nobody = with("execution", json!(Uuid::from_u128(7)));
    cases.push((nobody.clone(), 404, "unknown_execution", Some("execution")));
    cases.push((json!([nobody]), 404, "unknown_execution", Some("[0].execution")));
    let second = json!([with("value", json!(1)), with("unit", json!(""))]);
    cases.push((second, 400, "invalid_field", Some("[1].unit")));
    cases.push((json!([]), 400, "too_many_metrics", Some("[0]")));
    cases.push((
        json!(vec![with("value", json!(1)); 1_001]),
        400,
        "too_many_metrics",
        Some("[1000]"),
    ));
    assert_refused(&api, &ann, LIST, cases).await;
    // What is no number of JSON is no JSON; what no double holds is not exact.
    for (number, code) in [
        ("NaN", "malformed_json"),
        ("Infinity", "malformed_json"),
        ("1e400", "invalid_field"),
        ("0.12345678901234567", "invalid_field"),
    ] {
        let body = format!(r#"{{"name":"m","value":{number}}}"#);
        let got = api.post(LIST, body).await;
        assert_eq!(
            (got.status.as_u16(), got.json()["code"].as_str().unwrap()),
            (400, code),
            "{number}"
        );
        // A number that is sent as a string is none.
        assert!(!got.text().contains("string"), "{}", got.text());
    }
    let page = ann.get(&api, LIST).await.json();
    assert_eq!(page["metrics"], json!([]));
    for (query, field) in [
        ("?drag_mode=x", "drag_mode"),
        ("?execution=x", "execution"),
        ("?cursor=x", "cursor"),
        ("/figures", "name"),
        ("/figures?name=m&by=week", "by"),
        ("/figures?name=m&by=day", "from"),
        ("/figures?name=m&by=minute&from=2020-01-01T00:00:00Z", "from"),
        ("/figures?name=m&percentiles=0", "percentiles"),
        ("/figures?name=m&percentiles=50,,99", "percentiles"),
        ("/7", "id"),
    ] {
        let got = ann.get(&api, &format!("{LIST}{query}")).await;
        got.assert_problem(400, "invalid_field", Some(field));
    }
}
