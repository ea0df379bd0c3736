//! The same request again.

use serde_json::{Value, json};

use crate::api::{Api, BOTH, Got};
use crate::custody::{OPERATIONS, World, held};

async fn keyed(api: &Api, credential: &str, path: &str, key: &str, body: &Value) -> Got {
    let bearer = format!("Bearer {credential}");
    let headers = [("authorization", bearer.as_str()), ("idempotency-key", key)];
    api.call_with(&headers, "POST", path, body).await
}

fn transfer(amount: &str) -> Value {
    json!({"kind": "transfer", "asset": "BTC", "amount": amount, "debit": "user:ann", "credit": "user:bob"})
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn by_a_key() {
    for on in BOTH {
        let world = World::new(on).await;
        let api = &world.api;
        let first = keyed(api, &api.key, OPERATIONS, "k", &transfer("1")).await;
        assert_eq!(
            (first.status.as_u16(), first.header("idempotent-replayed")),
            (201, "")
        );
        let size = api.size().await;
        // In another order of members, it is the same request.
        let same = "{\"credit\":\"user:bob\",\"debit\":\"user:ann\",\"amount\":\"1\",\"asset\":\"BTC\",\"kind\":\"transfer\"}";
        let request = api.request("POST", OPERATIONS);
        let request = request
            .header("content-type", "application/json")
            .header("idempotency-key", "k");
        let again = api.send(request.body(same.into()).unwrap()).await;
        assert_eq!(
            (again.status.as_u16(), again.header("idempotent-replayed")),
            (200, "true")
        );
        assert_eq!(again.json(), first.json());
        assert_eq!(again.header("location"), first.header("location"));
        let other = keyed(api, &api.key, OPERATIONS, "k", &transfer("2")).await;
        other.assert_problem(422, "idempotency_key_reused", Some("Idempotency-Key"));
        assert_eq!(api.size().await, size + 1, "the refusal is recorded");
        // The key of another is another key.
        let body = json!({"kind": "transfer", "asset": "BTC", "amount": "1", "debit": format!("user:{}", world.ann),
            "credit": format!("user:{}", world.bob)});
        let anns = keyed(api, &world.ann_key, OPERATIONS, "k", &body).await;
        assert_eq!(anns.status, 201, "{}", anns.text());
        assert_ne!(anns.json()["id"], first.json()["id"]);
        let mut with_id = transfer("1");
        with_id["id"] = json!("01970000-0000-7000-8000-0000000000c0");
        let got = keyed(api, &api.key, OPERATIONS, "n", &with_id).await;
        got.assert_problem(400, "invalid_field", Some("id"));
        let got = keyed(api, &api.key, OPERATIONS, "n", &json!([transfer("1"), with_id])).await;
        got.assert_problem(400, "invalid_field", Some("[1].id"));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_refused_stays_refused() {
    for on in BOTH {
        let world = World::new(on).await;
        let api = &world.api;
        let first = keyed(api, &api.key, OPERATIONS, "k", &transfer("20")).await;
        first.assert_problem(409, "insufficient_funds", Some("amount"));
        crate::custody::deposit(api, "user:ann", "100").await;
        let again = keyed(api, &api.key, OPERATIONS, "k", &transfer("20")).await;
        again.assert_problem(409, "insufficient_funds", Some("amount"));
        assert_eq!(again.json(), first.json(), "the same answer, with the same entry");
        let other = keyed(api, &api.key, OPERATIONS, "k", &transfer("21")).await;
        other.assert_problem(422, "idempotency_key_reused", Some("Idempotency-Key"));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn by_an_own_id() {
    for on in BOTH {
        let world = World::new(on).await;
        let api = &world.api;
        let mut body = transfer("1");
        body["id"] = json!("01970000-0000-7000-8000-0000000000c0");
        let first = api.call("POST", OPERATIONS, body.clone()).await;
        assert_eq!((first.status.as_u16(), &first.json()["id"]), (201, &body["id"]));
        let again = api.call("POST", OPERATIONS, body.clone()).await;
        assert_eq!((again.status.as_u16(), again.json()), (200, first.json()));
        assert_eq!(again.header("idempotent-replayed"), "true");
        body["amount"] = json!("2");
        let got = api.call("POST", OPERATIONS, body).await;
        got.assert_problem(409, "id_conflict", Some("amount"));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_list_by_a_key() {
    for on in BOTH {
        let world = World::new(on).await;
        let api = &world.api;
        let list = json!([transfer("1"), transfer("50"), transfer("2")]);
        let first = keyed(api, &api.key, OPERATIONS, "k", &list).await;
        assert_eq!(
            (first.status.as_u16(), first.header("idempotent-replayed")),
            (200, "")
        );
        let size = api.size().await;
        let again = keyed(api, &api.key, OPERATIONS, "k", &list).await;
        assert_eq!(again.header("idempotent-replayed"), "true", "{}", again.text());
        let (before, after) = (first.json(), again.json());
        for position in [0, 2] {
            assert_eq!(before["results"][position]["status"], "created");
            assert_eq!(after["results"][position]["status"], "replayed");
            assert_eq!(
                after["results"][position]["operation"],
                before["results"][position]["operation"]
            );
        }
        assert_eq!(after["results"][1]["problem"]["code"], "insufficient_funds");
        assert_eq!(after["results"][1]["problem"], before["results"][1]["problem"]);
        assert_eq!(api.size().await, size, "nothing more is recorded");
        let other = keyed(
            api,
            &api.key,
            OPERATIONS,
            "k",
            &json!([transfer("1"), transfer("1")]),
        )
        .await;
        for result in other.json()["results"].as_array().unwrap() {
            assert_eq!(
                (
                    &result["status"],
                    &result["problem"]["code"],
                    &result["problem"]["status"]
                ),
                (&json!("refused"), &json!("idempotency_key_reused"), &json!(422))
            );
        }
        let balance = api.get("/v1/balances?user=bob").await.json();
        assert_eq!(balance["balances"][0]["posted"], "3.00000000");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_capture_by_a_key() {
    for on in BOTH {
        let world = World::new(on).await;
        let api = &world.api;
        let id = held(api, "2").await;
        let path = format!("{OPERATIONS}/{id}/capture");
        let part = json!({"amount": "0.5"});
        let first = keyed(api, &api.key, &path, "k", &part).await;
        assert_eq!(first.status, 201, "{}", first.text());
        let again = keyed(api, &api.key, &path, "k", &part).await;
        assert_eq!(
            (again.status.as_u16(), again.header("idempotent-replayed")),
            (200, "true")
        );
        assert_eq!(again.json(), first.json());
        let got = keyed(api, &api.key, &path, "k", &json!({"amount": "0.6"})).await;
        assert_eq!(
            (got.problem().0, &*got.problem().1),
            (422, "idempotency_key_reused")
        );
        let second = keyed(api, &api.key, &path, "l", &part).await;
        assert_eq!(second.status, 201);
        let parent = api.get(&format!("{OPERATIONS}/{id}")).await.json();
        assert_eq!(
            (&parent["held"], &parent["captured"]),
            (&json!("1.00000000"), &json!("1.00000000"))
        );
    }
}
