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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn null_and_the_default_are_the_same_as_absent_under_a_key() {
    for on in BOTH {
        let world = World::new(on).await;
        let api = &world.api;
        let deposit = json!({"kind": "deposit", "asset": "BTC", "amount": "1", "credit": "user:ann", "tx_hash": "aa", "output": 0});
        let withdrawal = json!({"kind": "withdrawal", "asset": "BTC", "amount": "1", "debit": "house:fees"});
        let hold = held(api, "2").await;
        let capture = format!("{OPERATIONS}/{hold}/capture");
        let nulls = |body: &Value, names: &[&str]| {
            names
                .iter()
                .fold(body.clone(), |body, name| and(body, name, json!(null)))
        };
        let asset = json!({"code": "NEW", "name": "New", "scale": 2});
        let kyc = json!({"user": "ann", "tier": 0});
        let destination = json!({"user": "ann", "asset": "BTC", "address": "bc1q"});
        let approval = json!({"action": "deploy", "arguments": {"n": null}});
        let cases: Vec<(&str, Value, Vec<Value>)> = vec![
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
                &capture,
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
        ];
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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bodies_whose_members_are_all_optional_may_be_absent() {
    for on in BOTH {
        let world = World::new(on).await;
        let api = &world.api;
        let step = |id: &str, verb: &str| format!("{OPERATIONS}/{id}/{verb}");
        let release = step(&held(api, "1").await, "release");
        let capture = step(&held(api, "1").await, "capture");
        let other = step(&held(api, "1").await, "capture");
        for path in [&release, &capture, "/v1/sessions/end"] {
            let got = api.call("POST", path, Value::Null).await;
            let session = path.ends_with("end") && got.status == 403;
            assert!(got.status.is_success() || session, "{path}: {}", got.text());
        }
        let bearer = format!("Bearer {}", api.key);
        let headers = [("authorization", bearer.as_str()), ("idempotency-key", "c")];
        let first = api.call_with(&headers, "POST", &other, &Value::Null).await;
        assert_eq!(first.status, 201, "{}", first.text());
        let again = api.call_with(&headers, "POST", &other, &json!({})).await;
        assert_eq!(
            (again.status.as_u16(), again.header("idempotent-replayed")),
            (200, "true")
        );
        // Where something must be said, an absent body says nothing.
        let got = api.call("POST", OPERATIONS, Value::Null).await;
        assert_eq!(got.problem().0, 415, "{}", got.text());
        // The documentation says which is which.
        let document = api.get_open("/openapi.json").await.json();
        let required = |path: &str| document["paths"][path]["post"]["requestBody"]["required"].clone();
        assert_eq!(required("/v1/operations/{id}/release"), false);
        assert_eq!(required("/v1/operations/{id}/capture"), false);
        assert_eq!(required("/v1/operations/{id}/fail"), true);
        assert_eq!(required("/v1/operations"), true);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn release_keeps_its_reason_and_refuses_what_it_does_not_know() {
    for on in BOTH {
        let world = World::new(on).await;
        let api = &world.api;
        let hold = held(api, "2").await;
        let path = format!("{OPERATIONS}/{hold}/release");
        for (body, field) in [
            (json!({"reasons": "x"}), "reasons"),
            (json!({"reason": ""}), "reason"),
            (json!({"reason": "x".repeat(1_001)}), "reason"),
            (json!({"amount": "1"}), "amount"),
        ] {
            let got = api.call("POST", &path, body).await;
            got.assert_problem(400, "invalid_field", Some(field));
        }
        let why = json!({"reason": "sold out"});
        let got = api.call("POST", &path, why.clone()).await;
        assert_eq!(got.status, 200, "{}", got.text());
        let shown = api.get(&format!("{OPERATIONS}/{hold}")).await.json();
        assert_eq!(
            (&shown["status"], &shown["error"]),
            (&json!("cancelled"), &json!("sold out"))
        );
        let again = api.call("POST", &path, why).await;
        assert_eq!(
            (again.status.as_u16(), again.header("idempotent-replayed")),
            (200, "true")
        );
        let other = api.call("POST", &path, json!({"reason": "another"})).await;
        other.assert_problem(409, "wrong_status", None);
        // Of one that was captured in part, too.
        let hold = held(api, "2").await;
        api.call(
            "POST",
            &format!("{OPERATIONS}/{hold}/capture"),
            json!({"amount": "1"}),
        )
        .await;
        api.call(
            "POST",
            &format!("{OPERATIONS}/{hold}/release"),
            json!({"reason": "the rest is not needed"}),
        )
        .await;
        let shown = api.get(&format!("{OPERATIONS}/{hold}")).await.json();
        assert_eq!(
            (&shown["status"], &shown["error"]),
            (&json!("completed"), &json!("the rest is not needed"))
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_takes_no_body_refuses_one() {
    for on in BOTH {
        let api = Api::new(on).await;
        let user = api.new_person("ann", domain::identity::Role::USER).await;
        let document = api.get_open("/openapi.json").await.json();
        let size = api.size().await;
        let mut seen = 0;
        for (verb, template, access) in web::endpoints() {
            let operation = &document["paths"][template][verb.as_str().to_lowercase()];
            let session = matches!(access, web::Access::Session | web::Access::SecondFactor);
            if verb == web::Verb::Get || operation.get("requestBody").is_some() || session {
                continue;
            }
            seen += 1;
            let path = template.replace("{id}", &user.to_string());
            let got = api.call(verb.as_str(), &path, json!({"reason": "x"})).await;
            got.assert_problem(400, "invalid_field", Some("reason"));
        }
        assert!(seen > 8, "{seen}");
        assert_eq!(api.size().await, size, "nothing is written");
        let path = format!("/v1/users/{user}/disable");
        assert_eq!(
            api.call("POST", &path, json!({})).await.status,
            200,
            "nothing is said"
        );
    }
}
