//! Adding, seeing and removing destinations.

use domain::identity::Role;
use serde_json::{Value, json};
use uuid::Uuid;

use super::ADDRESS;
use crate::api::{Api, BOTH, Got, On};
use crate::people::{Person, assert_documented, bitcoin, ids, text, with_rules};

async fn remove(api: &Api, who: &Person, path: &str) -> Got {
    api.call_as(&who.session, "DELETE", path, &Value::Null).await
}

fn address(number: u32) -> Value {
    json!({"asset": "BTC", "address": format!("bc1q{number:08}")})
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_destination_from_its_beginning_to_its_end() {
    for on in BOTH {
        let api = with_rules(on, |rules| rules.custody.cooling_off_s = 1).await;
        bitcoin(&api).await;
        let ann = Person::new(&api, "ann", Role::USER).await;
        let bob = Person::new(&api, "bob", Role::USER).await;
        let looks = Person::new(&api, "looks", Role::AUDITOR).await;
        let body = json!({"asset": "btc", "address": ADDRESS, "label": "cold wallet"});
        let got = ann.post(&api, "/v1/destinations", body.clone()).await;
        assert_eq!(got.status, 201, "{}", got.text());
        let made = got.json();
        assert_documented(&made, "Destination");
        let path = format!("/v1/destinations/{}", text(&made, "id"));
        assert_eq!(got.header("location"), path);
        for (name, expected) in [
            ("user", json!(ann.id)),
            ("created_by", json!(ann.id)),
            ("asset", json!("BTC")),
            ("address", json!(ADDRESS)),
            ("label", json!("cold wallet")),
            ("usable", json!(false)),
            ("removed_at", Value::Null),
        ] {
            assert_eq!(made[name], expected, "{name}");
        }
        let got = ann.post(&api, "/v1/destinations", body.clone()).await;
        got.assert_problem(409, "destination_exists", Some("address"));
        let got = bob.get(&api, &path).await;
        got.assert_problem(404, "unknown_destination", Some("id"));
        let got = remove(&api, &bob, &path).await;
        got.assert_problem(404, "unknown_destination", Some("id"));
        let got = remove(&api, &looks, &path).await;
        got.assert_problem(403, "permission_missing", None);
        tokio::time::sleep(std::time::Duration::from_millis(1_050)).await;
        for who in [&ann, &looks] {
            let seen = who.get(&api, &path).await.json();
            assert_eq!(
                (&seen["usable"], &seen["usable_at"]),
                (&json!(true), &made["usable_at"])
            );
        }
        let removed = remove(&api, &ann, &path).await;
        assert_eq!(
            (removed.status.as_u16(), &removed.json()["usable"]),
            (200, &json!(false))
        );
        assert!(removed.json()["removed_at"].is_string());
        let size = api.size().await;
        assert_eq!(remove(&api, &ann, &path).await.json(), removed.json());
        assert_eq!(api.size().await, size);
        assert_eq!(ann.get(&api, &path).await.json(), removed.json());
        let page = ann.get(&api, "/v1/destinations").await.json();
        assert_eq!(page["destinations"], json!([]));
        let page = ann.get(&api, "/v1/destinations?removed=true").await.json();
        assert_eq!(page["destinations"], json!([removed.json()]));
        // The same address again waits again.
        let again = ann.post(&api, "/v1/destinations", body).await;
        assert_eq!(
            (again.status.as_u16(), &again.json()["usable"]),
            (201, &json!(false))
        );
        let nobody = format!("/v1/destinations/{}", Uuid::from_u128(7));
        for got in [ann.get(&api, &nobody).await, remove(&api, &ann, &nobody).await] {
            got.assert_problem(404, "unknown_destination", Some("id"));
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn for_somebody_else_it_takes_more() {
    let api = Api::new(On::Sqlite).await;
    bitcoin(&api).await;
    let ann = Person::new(&api, "ann", Role::USER).await;
    let bob = Person::new(&api, "bob", Role::USER).await;
    let viewer = Person::new(&api, "viewer", Role::VIEWER).await;
    let body = |user: &str| json!({"user": user, "asset": "BTC", "address": ADDRESS});
    let got = bob
        .post(&api, "/v1/destinations", body(&ann.id.to_string()))
        .await;
    got.assert_problem(403, "permission_missing", None);
    for name in ["ann", "nobody"] {
        let got = bob.post(&api, "/v1/destinations", body(name)).await;
        got.assert_problem(400, "invalid_field", Some("user"));
        // Who may add none at all does not even learn which assets there are.
        for asset in ["BTC", "NONE"] {
            let body = json!({"user": name, "asset": asset, "address": ADDRESS});
            let got = viewer.post(&api, "/v1/destinations", body).await;
            got.assert_problem(403, "permission_missing", None);
        }
    }
    let got = api.call("POST", "/v1/destinations", body("ann")).await;
    assert_eq!((got.status.as_u16(), &got.json()["user"]), (201, &json!(ann.id)));
    let path = format!("/v1/destinations/{}", text(&got.json(), "id"));
    // What somebody else added is one's own to remove.
    assert_eq!(remove(&api, &ann, &path).await.status, 200);
    let got = api.call("POST", "/v1/destinations", body("nobody")).await;
    got.assert_problem(404, "unknown_user", Some("user"));
    let nobody = "01970000-0000-7000-8000-0000000000ab";
    let got = api.call("POST", "/v1/destinations", body(nobody)).await;
    got.assert_problem(404, "unknown_user", Some("user"));
    api.call("POST", "/v1/users/bob/erase", json!({"reason": "asked for"}))
        .await;
    let got = api
        .call("POST", "/v1/destinations", body(&bob.id.to_string()))
        .await;
    got.assert_problem(409, "user_erased", Some("user"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_ids_and_dry_runs() {
    for on in BOTH {
        let api = Api::new(on).await;
        bitcoin(&api).await;
        let ann = Person::new(&api, "ann", Role::USER).await;
        let before = api.size().await;
        let dry = ann.post(&api, "/v1/destinations?dry_run=true", address(1)).await;
        let would = dry.json();
        assert_eq!(
            (
                dry.status.as_u16(),
                &would["dry_run"],
                &would["asset"],
                would.get("id")
            ),
            (200, &json!(true), &json!("BTC"), None)
        );
        assert_eq!(api.size().await, before);
        let key = ("idempotency-key", "1");
        let first = ann.post_with(&api, key, "/v1/destinations", &address(1)).await;
        let again = ann.post_with(&api, key, "/v1/destinations", &address(1)).await;
        assert_eq!((first.status.as_u16(), again.status.as_u16()), (201, 201));
        assert_eq!(
            (
                first.header("idempotent-replayed"),
                again.header("idempotent-replayed")
            ),
            ("", "true")
        );
        assert_eq!(first.json(), again.json());
        assert_eq!(api.size().await, before + 1);
        let got = ann.post_with(&api, key, "/v1/destinations", &address(2)).await;
        got.assert_problem(422, "idempotency_key_reused", Some("address"));
        let before = api.size().await;
        let got = ann
            .post_with(&api, key, "/v1/destinations?dry_run=true", &address(2))
            .await;
        got.assert_problem(422, "idempotency_key_reused", Some("address"));
        let got = ann.post(&api, "/v1/destinations?dry_run=true", address(1)).await;
        got.assert_problem(409, "destination_exists", Some("address"));
        assert_eq!(api.size().await, before);
        let mut own = address(3);
        own["id"] = json!(Uuid::now_v7());
        for replayed in ["", "true"] {
            let got = ann.post(&api, "/v1/destinations", own.clone()).await;
            assert_eq!((got.status.as_u16(), &got.json()["id"]), (201, &own["id"]));
            assert_eq!(got.header("idempotent-replayed"), replayed);
        }
        let got = ann.post_with(&api, key, "/v1/destinations", &own).await;
        got.assert_problem(400, "invalid_field", Some("id"));
        own["label"] = json!("other");
        let got = ann.post(&api, "/v1/destinations", own).await;
        got.assert_problem(409, "id_conflict", Some("label"));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_of_all_and_of_one_s_own() {
    for on in BOTH {
        let api = Api::new(on).await;
        bitcoin(&api).await;
        let ann = Person::new(&api, "ann", Role::USER).await;
        let bob = Person::new(&api, "bob", Role::USER).await;
        let looks = Person::new(&api, "looks", Role::AUDITOR).await;
        let mut made = Vec::new();
        for (number, who) in [(1, &ann), (2, &ann), (3, &bob)] {
            let got = who.post(&api, "/v1/destinations", address(number)).await;
            made.push(text(&got.json(), "id"));
        }
        let list = async |who: &Person, query: &str| {
            let got = who.get(&api, &format!("/v1/destinations{query}")).await;
            assert_eq!(got.status, 200, "{query}: {}", got.text());
            ids(&got.json(), "destinations")
        };
        assert_eq!(list(&looks, "").await, made);
        assert_eq!(list(&looks, "?user=bob").await, made[2..]);
        assert_eq!(list(&ann, "").await, made[..2]);
        assert_eq!(list(&ann, "?user=me&removed=false").await, made[..2]);
        let got = ann.get(&api, "/v1/destinations?limit=1").await;
        assert_eq!(ids(&got.json(), "destinations"), made[..1]);
        let next = got.header("link").split(['<', '>']).nth(1).unwrap().to_owned();
        let got = ann.get(&api, &next).await;
        assert_eq!(ids(&got.json(), "destinations"), made[1..2]);
        assert_eq!((&got.json()["next"], got.header("link")), (&Value::Null, ""));
        let got = ann.get(&api, "/v1/destinations?user=bob").await;
        got.assert_problem(403, "permission_missing", None);
        let got = looks.get(&api, "/v1/destinations?user=nobody").await;
        got.assert_problem(404, "unknown_user", Some("user"));
    }
}
