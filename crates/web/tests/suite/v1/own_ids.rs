//! Ids and keys that callers bring, on every endpoint that takes one.

use serde_json::{Value, json};

use crate::api::{Api, BOTH, Got};
use crate::custody::{OPERATIONS, World, held};

const NIL: &str = "00000000-0000-0000-0000-000000000000";
const MAX: &str = "ffffffff-ffff-ffff-ffff-ffffffffffff";
const ID: &str = "01970000-0000-7000-8000-0000000000f1";

async fn keyed(api: &Api, path: &str, key: &str, body: &Value) -> Got {
    let bearer = format!("Bearer {}", api.key);
    let headers = [("authorization", bearer.as_str()), ("idempotency-key", key)];
    api.call_with(&headers, "POST", path, body).await
}

fn transfer(amount: &str) -> Value {
    json!({"kind": "transfer", "asset": "BTC", "amount": amount, "debit": "user:ann", "credit": "user:bob"})
}

/// With one more member.
fn and(mut body: Value, name: &str, value: Value) -> Value {
    body[name] = value;
    body
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_nil_and_max_uuid_are_no_ids_anywhere() {
    for on in BOTH {
        let world = World::new(on).await;
        let api = &world.api;
        let hold = held(api, "1").await;
        let event = json!({"actor": {"kind": "user"}, "action": "a"});
        let activity = json!({"type": "t", "description": "d"});
        let asset = json!({"code": "NEW", "name": "New", "scale": 2});
        let kyc = json!({"user": "ann", "tier": 0});
        let destination = json!({"user": "ann", "asset": "BTC", "address": "bc1q"});
        let approval = json!({"action": "deploy", "arguments": {}});
        let start = |id: &str| json!({"action": "operation.start", "arguments": {"operation": id}});
        let size = api.size().await;
        for no_id in [NIL, MAX] {
            let no = json!(no_id);
            let with = |body: &Value, name: &str| and(body.clone(), name, no.clone());
            let capture = format!("{OPERATIONS}/{hold}/capture");
            let started = format!("{OPERATIONS}/{hold}/start");
            let resolved = format!("{OPERATIONS}/{hold}/resolve");
            let evidence = json!({"outcome": "failed", "evidence": "e"});
            let bodies = [
                ("/v1/audit/entries", with(&event, "id"), "id"),
                ("/v1/audit/entries", json!([event, with(&event, "id")]), "[1].id"),
                ("/v1/activity", with(&activity, "id"), "id"),
                ("/v1/assets", with(&asset, "id"), "id"),
                ("/v1/kyc", with(&kyc, "id"), "id"),
                ("/v1/destinations", with(&destination, "id"), "id"),
                ("/v1/agents", with(&json!({"name": "triage"}), "id"), "id"),
                ("/v1/approvals", with(&approval, "id"), "id"),
                ("/v1/approvals", start(no_id), "arguments.operation"),
                (OPERATIONS, with(&transfer("1"), "id"), "id"),
                (
                    OPERATIONS,
                    json!([transfer("1"), with(&transfer("1"), "id")]),
                    "[1].id",
                ),
                (
                    OPERATIONS,
                    with(&json!({"kind": "reversal"}), "reverses"),
                    "reverses",
                ),
                (OPERATIONS, with(&transfer("1"), "destination"), "destination"),
                (OPERATIONS, with(&transfer("1"), "approval"), "approval"),
                (OPERATIONS, with(&transfer("1"), "debit"), "debit"),
                (&capture, json!({"id": no}), "id"),
                (&started, json!({"approval": no}), "approval"),
                (&resolved, with(&evidence, "approval"), "approval"),
            ];
            for (path, body, field) in bodies {
                let got = api.call("POST", path, body).await;
                got.assert_problem(400, "invalid_field", Some(field));
            }
            // In a path or query it is no id, or the name of nothing.
            for (verb, template, access) in web::endpoints() {
                if !template.contains("{id}") || matches!(access, web::Access::Open) {
                    continue;
                }
                let path = template.replace("{id}", no_id).replace("{document}", no_id);
                let if_match = [
                    ("authorization", format!("Bearer {}", api.key)),
                    ("if-match", "*".to_owned()),
                ];
                let headers = if_match.each_ref().map(|(name, value)| (*name, value.as_str()));
                let got = api.call_with(&headers, verb.as_str(), &path, &Value::Null).await;
                assert!(
                    [400, 403, 404, 415].contains(&got.status.as_u16()),
                    "{} {path}: {}",
                    verb.as_str(),
                    got.text()
                );
            }
            let got = api.get(&format!("/v1/audit/entries?recorded_by={no_id}")).await;
            got.assert_problem(400, "invalid_field", Some("recorded_by"));
        }
        let ids: Vec<Value> = api
            .entries_from(size)
            .await
            .iter()
            .map(|entry| entry["id"].clone())
            .collect();
        assert!(
            !ids.contains(&json!(NIL)) && !ids.contains(&json!(MAX)),
            "{ids:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whose_id_is_taken_by_another_learns_nothing_more() {
    for on in BOTH {
        let world = World::new(on).await;
        let api = &world.api;
        let id = |number: u32| format!("01970000-0000-7000-8000-{number:012x}");
        let house = json!({"kind": "transfer", "asset": "BTC", "amount": "0.5", "debit": "user:ann",
            "credit": "house:fees", "reference": "secret", "id": id(1)});
        for (path, body) in [
            (OPERATIONS, house.clone()),
            (
                OPERATIONS,
                and(
                    and(transfer("99"), "id", json!(id(2))),
                    "reference",
                    json!("secret"),
                ),
            ),
            ("/v1/kyc", json!({"user": "ann", "tier": 0, "id": id(3)})),
            (
                "/v1/destinations",
                json!({"user": "ann", "asset": "BTC", "address": "secret", "id": id(4)}),
            ),
            (
                "/v1/approvals",
                json!({"action": "secret", "arguments": {}, "id": id(5)}),
            ),
            (
                "/v1/audit/entries",
                json!({"actor": {"kind": "user"}, "action": "secret", "id": id(6)}),
            ),
        ] {
            let got = api.call("POST", path, body).await;
            assert!(
                [200, 201, 409].contains(&got.status.as_u16()),
                "{path}: {}",
                got.text()
            );
        }
        // Those of whom bob knows nothing.
        let bob = world.bob.to_string();
        let cora = json!({"kind": "transfer", "asset": "BTC", "amount": "0.1", "debit": format!("user:{bob}"),
            "credit": format!("user:{}", world.ann)});
        let tries = [
            (&world.bob_key, OPERATIONS, and(cora.clone(), "id", json!(id(1)))),
            (&world.bob_key, OPERATIONS, and(cora.clone(), "id", json!(id(2)))),
            (&world.bob_key, OPERATIONS, and(cora.clone(), "id", json!(id(6)))),
            (&world.bob_key, "/v1/kyc", json!({"tier": 1, "id": id(3)})),
            (
                &world.bob_key,
                "/v1/destinations",
                json!({"asset": "BTC", "address": "mine", "id": id(4)}),
            ),
            (
                &world.bob_key,
                "/v1/approvals",
                json!({"action": "mine", "arguments": {}, "id": id(5)}),
            ),
            (
                &world.bob_key,
                "/v1/audit/entries",
                json!({"actor": {"kind": "agent"}, "action": "mine", "id": id(6)}),
            ),
        ];
        for (key, path, body) in tries {
            let got = api.call_as(key, "POST", path, &body).await;
            got.assert_problem(409, "id_conflict", Some("id"));
            let detail = got.json()["detail"].as_str().unwrap().to_owned();
            let taken = body["id"].as_str().unwrap();
            assert_eq!(
                detail,
                format!("the id {taken} is taken: use another one"),
                "{path}"
            );
        }
        // Who may read it is told what differs.
        let got = api
            .call("POST", OPERATIONS, and(house, "amount", json!("0.6")))
            .await;
        got.assert_problem(409, "id_conflict", Some("amount"));
        let anns = json!({"kind": "transfer", "asset": "BTC", "amount": "0.1", "id": id(1),
            "debit": format!("user:{}", world.ann), "credit": format!("user:{bob}")});
        let got = api.call_as(&world.ann_key, "POST", OPERATIONS, &anns).await;
        got.assert_problem(409, "id_conflict", Some("credit"));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_answered_before_says_so() {
    for on in BOTH {
        let world = World::new(on).await;
        let api = &world.api;
        let event = json!({"id": ID, "actor": {"kind": "user"}, "action": "a", "outcome": "refused"});
        let activity = json!({"id": ID.replace("f1", "f2"), "type": "t", "description": "d"});
        let refused = and(transfer("99"), "id", json!(ID.replace("f1", "f3")));
        let cases = [
            ("/v1/audit/entries", event.clone(), 201, 200),
            ("/v1/activity", activity, 201, 200),
            ("/v1/audit/entries", json!([event, event]), 200, 200),
            (OPERATIONS, refused.clone(), 409, 409),
            (OPERATIONS, json!([refused]), 200, 200),
        ];
        for (path, body, first, again) in cases {
            let known = body.is_array();
            let got = api.call("POST", path, body.clone()).await;
            let expected = if known { "true" } else { "" };
            assert_eq!(
                (got.status.as_u16(), got.header("idempotent-replayed")),
                (first, expected),
                "{path}: {}",
                got.text()
            );
            let got = api.call("POST", path, body).await;
            assert_eq!(
                (got.status.as_u16(), got.header("idempotent-replayed")),
                (again, "true"),
                "{path}: {}",
                got.text()
            );
        }
        // Under a key, too, alone and in a list, whatever has changed since.
        for (key, body) in [
            ("one", transfer("99")),
            ("list", json!([transfer("99"), transfer("98")])),
        ] {
            let first = keyed(api, OPERATIONS, key, &body).await;
            assert_eq!(first.header("idempotent-replayed"), "", "{}", first.text());
            let again = keyed(api, OPERATIONS, key, &body).await;
            assert_eq!(again.header("idempotent-replayed"), "true", "{}", again.text());
            assert_eq!(again.status, first.status);
        }
        crate::custody::deposit(api, "user:ann", "1000").await;
        let again = keyed(api, OPERATIONS, "one", &transfer("99")).await;
        again.assert_problem(409, "insufficient_funds", Some("amount"));
        assert_eq!(again.header("idempotent-replayed"), "true");
        // Another request under the key is refused now, and not before.
        let other = keyed(api, OPERATIONS, "one", &transfer("1")).await;
        other.assert_problem(422, "idempotency_key_reused", Some("Idempotency-Key"));
        assert_eq!(other.header("idempotent-replayed"), "");
        // One new thing in a list: it was not answered before.
        let mixed = json!([event, {"actor": {"kind": "user"}, "action": "b"}]);
        let got = api.call("POST", "/v1/audit/entries", mixed).await;
        assert_eq!(
            (got.status.as_u16(), got.header("idempotent-replayed")),
            (201, "")
        );
    }
}

/// With these members null.
fn nulls(body: &Value, names: &[&str]) -> Value {
    names
        .iter()
        .fold(body.clone(), |body, name| and(body, name, json!(null)))
}

/// Requests under a key: the path, the body, and bodies that ask for the same.
fn said_otherwise(capture: &str) -> Vec<(&str, Value, Vec<Value>)> {
    let deposit = json!({"kind": "deposit", "asset": "BTC", "amount": "1", "credit": "user:ann", "tx_hash": "aa".repeat(32), "output": 0});
    let withdrawal = json!({"kind": "withdrawal", "asset": "BTC", "amount": "1", "debit": "house:fees"});
    let asset = json!({"code": "NEW", "name": "New", "scale": 2});
    let kyc = json!({"user": "ann", "tier": 0});
    let destination = json!({"user": "ann", "asset": "BTC", "address": "bc1q"});
    let approval = json!({"action": "deploy", "arguments": {"n": null}});
    vec![
        (
            OPERATIONS,
            transfer("1"),
            vec![
                nulls(
                    &transfer("1"),
                    &[
                        "id",
                        "pending",
                        "reference",
                        "metadata",
                        "linked",
                        "expires_at",
                        "chain",
                    ],
                ),
                and(transfer("1"), "pending", json!(false)),
                and(transfer("1"), "linked", json!(false)),
            ],
        ),
        (
            OPERATIONS,
            deposit.clone(),
            vec![
                and(deposit.clone(), "chain", json!("bitcoin")),
                and(deposit.clone(), "debit", json!("house:external")),
                nulls(&deposit, &["chain", "debit", "block"]),
            ],
        ),
        (
            OPERATIONS,
            json!([transfer("1"), transfer("2")]),
            vec![json!([
                nulls(&transfer("1"), &["reference"]),
                and(transfer("2"), "linked", json!(false))
            ])],
        ),
        // It is refused, and so is the same again.
        (
            OPERATIONS,
            withdrawal.clone(),
            vec![
                and(withdrawal.clone(), "pending", json!(true)),
                and(withdrawal.clone(), "credit", json!("house:external")),
            ],
        ),
        (
            capture,
            json!({"amount": "1"}),
            vec![json!({"amount": "1", "id": null})],
        ),
        ("/v1/assets", asset.clone(), vec![nulls(&asset, &["id", "chain"])]),
        (
            "/v1/kyc",
            kyc.clone(),
            vec![
                nulls(&kyc, &["id", "documents"]),
                and(kyc.clone(), "documents", json!([])),
            ],
        ),
        (
            "/v1/destinations",
            destination.clone(),
            vec![nulls(&destination, &["id", "label"])],
        ),
        (
            "/v1/approvals",
            approval.clone(),
            vec![
                nulls(&approval, &["id", "reason", "quorum", "expires_at"]),
                and(approval.clone(), "quorum", json!(1)),
            ],
        ),
    ]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn null_and_the_default_are_the_same_as_absent_under_a_key() {
    for on in BOTH {
        let world = World::new(on).await;
        let api = &world.api;
        let hold = held(api, "2").await;
        let capture = format!("{OPERATIONS}/{hold}/capture");
        let cases = said_otherwise(&capture);
        for (number, (path, body, same)) in cases.into_iter().enumerate() {
            let key = format!("k{number}");
            let first = keyed(api, path, &key, &body).await;
            for same in same {
                let again = keyed(api, path, &key, &same).await;
                assert!(
                    again.status.is_success() || again.status == first.status,
                    "{path} {same}: {}",
                    again.text()
                );
                assert_eq!(
                    again.header("idempotent-replayed"),
                    "true",
                    "{path} {same}: {} {}",
                    first.text(),
                    again.text()
                );
            }
        }
        // What is null within the caller's own data is data.
        let with = |metadata: Value| and(transfer("3"), "metadata", metadata);
        assert_eq!(
            keyed(api, OPERATIONS, "m", &with(json!({"a": null})))
                .await
                .status,
            201
        );
        let other = keyed(api, OPERATIONS, "m", &with(json!({}))).await;
        other.assert_problem(422, "idempotency_key_reused", Some("Idempotency-Key"));
        // And what does not go without saying is another request.
        let other = keyed(api, OPERATIONS, "k0", &and(transfer("1"), "pending", json!(true))).await;
        other.assert_problem(422, "idempotency_key_reused", Some("Idempotency-Key"));
    }
}
