//! What is refused for what it holds.

use domain::identity::Role;
use serde_json::{Value, json};

use super::ADDRESS;
use crate::api::{Api, On};
use crate::people::{Person, assert_refused, bitcoin};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn destinations() {
    let api = Api::new(On::Sqlite).await;
    bitcoin(&api).await;
    let ann = Person::new(&api, "ann", Role::USER).await;
    let of = |address: &str| json!({"asset": "BTC", "address": address});
    let with = |name: &str, value: Value| {
        let mut body = of(ADDRESS);
        body[name] = value;
        body
    };
    let invalid = [
        (json!({"address": ADDRESS}), "asset"),
        (json!({"asset": "BTC"}), "address"),
        (with("asset", json!(7)), "asset"),
        (of(""), "address"),
        (of("two words"), "address"),
        (of("naïve"), "address"),
        (of(&"x".repeat(129)), "address"),
        (with("label", json!("")), "label"),
        (with("label", json!("x".repeat(101))), "label"),
        (with("label", json!("a\u{0}b")), "label"),
        (with("memo", json!("x")), "memo"),
        (with("id", json!("x")), "id"),
        (with("user", json!("\u{0}")), "user"),
    ]
    .map(|(body, field)| (body, 400, "invalid_field", Some(field)));
    let unknown = [json!("ETH"), json!("\u{0}"), json!(ann.id)]
        .map(|asset| (with("asset", asset), 404, "unknown_asset", Some("asset")));
    let cases = [invalid.as_slice(), unknown.as_slice()].concat();
    assert_refused(&api, &ann, "/v1/destinations", cases).await;
    let root = Person::new(&api, "root", Role::ADMIN).await;
    let cases = ["\u{0}", "a@b\u{0}", ""]
        .map(|user| {
            let body = json!({"asset": "BTC", "address": ADDRESS, "user": user});
            (body, 404, "unknown_user", Some("user"))
        })
        .to_vec();
    assert_refused(&api, &root, "/v1/destinations", cases).await;
    let page = root.get(&api, "/v1/destinations?removed=true").await.json();
    assert_eq!(page["destinations"], json!([]));
    for (query, field) in [
        ("removed=yes", "removed"),
        ("limit=0", "limit"),
        ("cursor=x", "cursor"),
    ] {
        let got = ann.get(&api, &format!("/v1/destinations?{query}")).await;
        got.assert_problem(400, "invalid_field", Some(field));
    }
    let got = ann.get(&api, "/v1/destinations/7").await;
    got.assert_problem(400, "invalid_field", Some("id"));
}
