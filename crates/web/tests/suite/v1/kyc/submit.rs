//! Submitting and looking at KYC records.

use domain::identity::{Role, Scope};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Office, digest};
use crate::api::{Api, BOTH, On};
use crate::people::{Person, assert_documented, ids, text};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_record_is_seen_by_its_user_and_by_who_reads_all() {
    for on in BOTH {
        let api = Api::new(on).await;
        let Office { ann, cora, .. } = &Office::new(&api).await;
        let bob = Person::new(&api, "bob", Role::USER).await;
        let documents = json!([
            {"kind": "passport", "sha256": digest(1)},
            {"kind": "selfie", "sha256": digest(2)},
        ]);
        let got = ann
            .post(&api, "/v1/kyc", json!({"tier": 2, "documents": documents}))
            .await;
        assert_eq!((got.status.as_u16(), got.header("etag")), (201, "\"1\""));
        assert_eq!(got.header("idempotent-replayed"), "");
        let made = got.json();
        assert_documented(&made, "KycRecord");
        assert_documented(&made["documents"][0], "KycDocument");
        let path = format!("/v1/kyc/{}", text(&made, "id"));
        assert_eq!(got.header("location"), path);
        let user = json!(ann.id);
        for (name, expected) in [
            ("user", &user),
            ("submitted_by", &user),
            ("tier", &json!(2)),
            ("status", &json!("pending")),
            ("decided_by", &Value::Null),
            ("expires_at", &Value::Null),
            ("version", &json!(1)),
        ] {
            assert_eq!(&made[name], expected, "{name}");
        }
        let shown: Vec<_> = made["documents"].as_array().unwrap().iter().collect();
        let kinds: Vec<_> = shown
            .iter()
            .map(|one| (&one["kind"], &one["sha256"], &one["state"]))
            .collect();
        let (passport, selfie, pending) = (json!("passport"), json!("selfie"), json!("pending"));
        assert_eq!(
            kinds,
            [
                (&passport, &json!(digest(1)), &pending),
                (&selfie, &json!(digest(2)), &pending)
            ]
        );
        for who in [ann, cora] {
            let got = who.get(&api, &path).await;
            assert_eq!((got.status.as_u16(), got.header("etag")), (200, "\"1\""));
            assert_eq!(got.json(), made);
        }
        let nobody = format!("/v1/kyc/{}", Uuid::now_v7());
        for (who, path) in [(&bob, &path), (&bob, &nobody), (cora, &nobody)] {
            who.get(&api, path)
                .await
                .assert_problem(404, "unknown_kyc_record", Some("id"));
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn for_somebody_else_it_takes_more() {
    let api = Api::new(On::Sqlite).await;
    let Office { ann, cora, .. } = &Office::new(&api).await;
    let bob = Person::new(&api, "bob", Role::USER).await;
    let body = |user: &str| json!({"user": user, "tier": 0});
    let before = api.size().await;
    let got = bob.post(&api, "/v1/kyc", body(&ann.id.to_string())).await;
    got.assert_problem(403, "permission_missing", None);
    // Whether there is an ann is not for bob to find out.
    for name in ["ann", "nobody"] {
        let got = bob.post(&api, "/v1/kyc", body(name)).await;
        got.assert_problem(400, "invalid_field", Some("user"));
    }
    // Reviewers submit nothing, whomever they name.
    for name in ["ann", "nobody", "me"] {
        let got = cora.post(&api, "/v1/kyc", body(name)).await;
        got.assert_problem(403, "permission_missing", None);
    }
    let entries = api.entries_from(before).await;
    assert_eq!(entries.len(), 4);
    assert!(entries.iter().all(|entry| entry["outcome"] == "refused"));
    for name in ["Nobody", "01970000-0000-7000-8000-0000000000ab"] {
        let got = api.call("POST", "/v1/kyc", body(name)).await;
        got.assert_problem(404, "unknown_user", Some("user"));
    }
    for (user, id) in [
        ("me", None),
        ("ann", Some(ann.id)),
        (&*bob.id.to_string(), Some(bob.id)),
    ] {
        let made = api.call("POST", "/v1/kyc", body(user)).await;
        assert_eq!(made.status, 201, "{}", made.text());
        if let Some(id) = id {
            assert_eq!(made.json()["user"], json!(id));
        }
    }
    let erased = api
        .call("POST", "/v1/users/bob/erase", json!({"reason": "asked for"}))
        .await;
    assert_eq!(erased.status, 200);
    let got = api.call("POST", "/v1/kyc", body(&bob.id.to_string())).await;
    got.assert_problem(409, "user_erased", Some("user"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_request_again_is_answered_as_the_first_time() {
    for on in BOTH {
        let api = Api::new(on).await;
        let Office { ann, carl, .. } = &Office::new(&api).await;
        let body = json!({"tier": 1, "documents": [{"kind": "passport", "sha256": digest(1)}]});
        let key = ("idempotency-key", "submission 1");
        let first = ann.post_with(&api, key, "/v1/kyc", &body).await;
        assert_eq!(first.status, 201, "{}", first.text());
        let size = api.size().await;
        let again = ann.post_with(&api, key, "/v1/kyc", &body).await;
        assert_eq!((again.status, again.json()), (first.status, first.json()));
        assert_eq!(again.header("location"), first.header("location"));
        assert_eq!(
            (
                first.header("idempotent-replayed"),
                again.header("idempotent-replayed")
            ),
            ("", "true")
        );
        assert_eq!(api.size().await, size);
        let other = json!({"tier": 2, "documents": [{"kind": "passport", "sha256": digest(1)}]});
        let got = ann.post_with(&api, key, "/v1/kyc", &other).await;
        got.assert_problem(422, "idempotency_key_reused", Some("tier"));
        // An id of one's own instead.
        let pending = ann.post(&api, "/v1/kyc", body).await;
        pending.assert_problem(409, "kyc_pending", Some("user"));
        let own = json!({"id": first.json()["id"], "tier": 2});
        let got = ann.post(&api, "/v1/kyc", own.clone()).await;
        got.assert_problem(409, "id_conflict", Some("tier"));
        let got = ann.post_with(&api, key, "/v1/kyc", &own).await;
        got.assert_problem(400, "invalid_field", Some("id"));
        // Another's key of the same text is another key.
        let got = carl.post_with(&api, key, "/v1/kyc", &other).await;
        got.assert_problem(403, "permission_missing", None);
        for malformed in ["", &"x".repeat(256)] {
            let got = ann
                .post_with(&api, ("idempotency-key", malformed), "/v1/kyc", &other)
                .await;
            got.assert_problem(400, "malformed_idempotency_key", None);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dry_run_writes_nothing() {
    for on in BOTH {
        let api = Api::new(on).await;
        let office = Office::new(&api).await;
        let before = api.size().await;
        let path = "/v1/kyc?dry_run=true";
        let body = json!({"tier": 1, "documents": [{"kind": "passport", "sha256": digest(1)}]});
        let got = office.ann.post(&api, path, body.clone()).await;
        let would = got.json();
        assert_eq!((got.status.as_u16(), &would["dry_run"]), (200, &json!(true)));
        assert_eq!((&would["tier"], &would["status"]), (&json!(1), &json!("pending")));
        assert!(would.get("id").is_none() && would["documents"][0].get("id").is_none());
        assert_eq!(api.size().await, before);
        office.submitted(&api).await;
        let before = api.size().await;
        let got = office.ann.post(&api, path, body.clone()).await;
        got.assert_problem(409, "kyc_pending", Some("user"));
        assert_eq!(got.json()["entry"], Value::Null);
        assert_eq!(api.size().await, before);
        let got = office.ann.post(&api, "/v1/kyc?dry_run=perhaps", body).await;
        got.assert_problem(400, "invalid_field", Some("dry_run"));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_by_user_and_status() {
    for on in BOTH {
        let api = Api::new(on).await;
        let Office { ann, cora, .. } = &Office::new(&api).await;
        let mut made = Vec::new();
        for name in ["ann", "bob", "carol"] {
            if name != "ann" {
                Person::new(&api, name, Role::USER).await;
            }
            let got = api
                .call("POST", "/v1/kyc", json!({"user": name, "tier": 0}))
                .await;
            made.push(text(&got.json(), "id"));
        }
        let reject = format!("/v1/kyc/{}/reject", made[1]);
        let got = cora.post(&api, &reject, json!({"reason": "unreadable"})).await;
        assert_eq!(got.status, 200, "{}", got.text());
        let list = async |who: &Person, query: &str| {
            let got = who.get(&api, &format!("/v1/kyc{query}")).await;
            assert_eq!(got.status, 200, "{query}: {}", got.text());
            ids(&got.json(), "kyc_records")
        };
        assert_eq!(list(cora, "").await, made);
        assert_eq!(list(cora, "?status=rejected").await, made[1..2]);
        assert_eq!(list(cora, "?status=pending&user=carol").await, made[2..]);
        for query in ["", "?user=me", "?user=ann", &format!("?user={}", ann.id)] {
            assert_eq!(list(ann, query).await, made[..1], "{query}");
        }
        let mut path = "/v1/kyc?limit=1".to_owned();
        for id in &made {
            let got = cora.get(&api, &path).await;
            assert_eq!(ids(&got.json(), "kyc_records"), std::slice::from_ref(id));
            let link = got.header("link").to_owned();
            path = link.split(['<', '>']).nth(1).unwrap_or_default().to_owned();
        }
        assert_eq!(path, "", "the last page has no next one");
        for name in ["bob", "nobody"] {
            let got = ann.get(&api, &format!("/v1/kyc?user={name}")).await;
            got.assert_problem(403, "permission_missing", None);
        }
        let got = cora.get(&api, "/v1/kyc?user=nobody").await;
        got.assert_problem(404, "unknown_user", Some("user"));
        let got = cora.get(&api, "/v1/kyc?status=odd").await;
        got.assert_problem(400, "invalid_field", Some("status"));
        // A key sees what its owner sees, of what its scopes leave.
        let (key, _) = api.new_key("ann", &[Scope::Custody]).await;
        let got = api.call_as(&key, "GET", "/v1/kyc", &Value::Null).await;
        assert_eq!(ids(&got.json(), "kyc_records"), made[..1]);
    }
}
