//! Assets.

use domain::identity::Scope;
use serde_json::{Value, json};

use crate::api::{Api, BOTH, On};
use crate::custody::{World, asset, make};

const PATH: &str = "/v1/assets";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn made_listed_and_shown() {
    for on in BOTH {
        let api = Api::new(on).await;
        let btc = asset(&api).await;
        assert_eq!(
            (&btc["code"], &btc["scale"], &btc["chain"]),
            (&json!("BTC"), &json!(8), &json!("bitcoin"))
        );
        let other = api
            .call(
                "POST",
                PATH,
                json!({"code": "iSTSi", "name": "A coin", "scale": 7}),
            )
            .await;
        assert_eq!(
            (other.status.as_u16(), &other.json()["chain"]),
            (201, &Value::Null)
        );
        assert_eq!(
            other.header("location"),
            format!("{PATH}/{}", other.json()["id"].as_str().unwrap())
        );
        let first = api.get(&format!("{PATH}?limit=1")).await;
        assert_eq!(first.json()["assets"], json!([btc]));
        let next = first.json()["next"].as_str().unwrap().to_owned();
        assert!(first.header("link").contains(&next));
        let second = api.get(&format!("{PATH}?limit=1&cursor={next}")).await.json();
        assert_eq!(second, json!({"assets": [other.json()], "next": null}));
        for name in ["btc", "BTC", btc["id"].as_str().unwrap()] {
            assert_eq!(api.get(&format!("{PATH}/{name}")).await.json(), btc, "{name}");
        }
        for name in ["eth", "x%00", &"x".repeat(500)] {
            let got = api.get(&format!("{PATH}/{name}")).await;
            got.assert_problem(404, "unknown_asset", Some("id"));
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_again() {
    for on in BOTH {
        let api = Api::new(on).await;
        let body = json!({"code": "BTC", "name": "Bitcoin", "scale": 8});
        let bearer = format!("Bearer {}", api.key);
        let headers = [("authorization", bearer.as_str()), ("idempotency-key", "a 1")];
        let first = api.call_with(&headers, "POST", PATH, &body).await;
        assert_eq!(
            (first.status.as_u16(), first.header("idempotent-replayed")),
            (201, "")
        );
        let size = api.size().await;
        let again = api.call_with(&headers, "POST", PATH, &body).await;
        assert_eq!(
            (again.status.as_u16(), again.header("idempotent-replayed")),
            (200, "true")
        );
        assert_eq!(again.json(), first.json());
        assert_eq!(api.size().await, size);
        let mut other = body.clone();
        other["name"] = json!("Other");
        let got = api.call_with(&headers, "POST", PATH, &other).await;
        got.assert_problem(422, "idempotency_key_reused", Some("name"));
        // Another caller's key of the same text is another key.
        let key = api.new_key(&api.admin, &[Scope::Admin]).await.0;
        let same_user = [("authorization", &*format!("Bearer {key}")), headers[1]];
        assert_eq!(
            api.call_with(&same_user, "POST", PATH, &body).await.json(),
            first.json()
        );
        let mut with_id = body.clone();
        with_id["id"] = first.json()["id"].clone();
        let got = api.call_with(&headers, "POST", PATH, &with_id).await;
        got.assert_problem(400, "invalid_field", Some("id"));
        assert_eq!(api.call("POST", PATH, with_id.clone()).await.status, 200);
        with_id["scale"] = json!(9);
        let got = api.call("POST", PATH, with_id).await;
        got.assert_problem(409, "id_conflict", Some("scale"));
        for bad in ["", "é", &"k".repeat(256)] {
            let mut request = api
                .request("POST", PATH)
                .header("content-type", "application/json");
            request = request.header("idempotency-key", bad.as_bytes());
            let got = api.send(request.body(body.to_string().into()).unwrap()).await;
            got.assert_problem(400, "malformed_idempotency_key", None);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dry_run_writes_nothing() {
    let api = Api::new(On::Sqlite).await;
    let path = format!("{PATH}?dry_run=true");
    let body = json!({"code": "BTC", "name": "Bitcoin", "scale": 8});
    let size = api.size().await;
    let got = api.call("POST", &path, body.clone()).await;
    assert_eq!(got.status, 200);
    let shown = got.json();
    assert_eq!(
        (&shown["dry_run"], &shown["code"], shown.get("id")),
        (&json!(true), &json!("BTC"), None)
    );
    assert_eq!(api.get(PATH).await.json()["assets"], json!([]));
    let refused = api
        .call("POST", &path, json!({"code": "b t c", "name": "x", "scale": 1}))
        .await;
    refused.assert_problem(400, "invalid_field", Some("code"));
    assert_eq!(api.size().await, size);
    let got = api.call("POST", &format!("{PATH}?dry_run=maybe"), body).await;
    got.assert_problem(400, "invalid_field", Some("dry_run"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bad_input_is_refused_by_name() {
    let api = Api::new(On::Sqlite).await;
    asset(&api).await;
    let good = json!({"code": "ETH", "name": "Ether", "scale": 18});
    let cases = [
        ("code", json!("btc"), 409, "code_taken"),
        ("code", json!(""), 400, "invalid_field"),
        ("code", json!("a b"), 400, "invalid_field"),
        ("code", json!("C".repeat(17)), 400, "invalid_field"),
        ("name", json!(""), 400, "invalid_field"),
        ("name", json!("n".repeat(101)), 400, "invalid_field"),
        ("scale", json!(19), 400, "invalid_field"),
        ("scale", json!(-1), 400, "invalid_field"),
        ("scale", json!("8"), 400, "invalid_field"),
        ("chain", json!("Bitcoin"), 400, "invalid_field"),
        ("chain", json!("c".repeat(33)), 400, "invalid_field"),
        ("id", json!("x"), 400, "invalid_field"),
        ("symbol", json!("x"), 400, "invalid_field"),
    ];
    let count = async || api.get(PATH).await.json()["assets"].as_array().unwrap().len();
    for (field, value, status, code) in cases {
        let mut body = good.clone();
        body[field] = value.clone();
        let got = api.call("POST", PATH, body).await;
        got.assert_problem(status, code, Some(field));
        assert_eq!(count().await, 1, "{field} {value}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everything_of_an_asset_sums_to_zero() {
    for on in BOTH {
        let world = World::new(on).await;
        world.transfer("2.5").await;
        let fee = json!({"kind": "transfer", "asset": "BTC", "amount": "0.1", "debit": "user:bob", "credit": "house:fees"});
        make(&world.api, fee).await;
        let size = world.api.size().await;
        let supply = world.api.get("/v1/assets/btc/supply").await.json();
        let expected = json!({
            "asset": "BTC", "supply": "10.00000000", "users": "9.90000000", "held": "0.00000000", "balances": 6,
            "sum": "0.00000000", "size": size,
            "houses": {"omnibus": "0.00000000", "fees": "0.10000000", "suspense": "0.00000000", "external": "-10.00000000"},
        });
        assert_eq!(supply, expected);
        let got = world.api.get("/v1/assets/eth/supply").await;
        got.assert_problem(404, "unknown_asset", Some("id"));
    }
}
