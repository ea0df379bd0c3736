//! Carrying operations on.

use serde_json::{Value, json};

use crate::api::{Api, BOTH, Got};
use crate::custody::{HASH, OPERATIONS, World, deposit, held, make, step, withdrawal};

async fn tried(api: &Api, id: &str, step: &str, body: Value) -> Got {
    api.call("POST", &format!("{OPERATIONS}/{id}/{step}"), body).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_withdrawal_from_its_beginning_to_its_end() {
    for on in BOTH {
        let world = World::new(on).await;
        let api = &world.api;
        deposit(api, "house:omnibus", "5").await;
        let id = withdrawal(api, "pending").await;
        let got = tried(api, &id, "complete", json!({})).await;
        got.assert_problem(409, "wrong_kind", None);
        let got = tried(api, &id, "start", json!({"tx_hash": HASH})).await;
        assert_eq!(
            (got.status.as_u16(), got.header("etag")),
            (200, "\"2\""),
            "{}",
            got.text()
        );
        assert_eq!(
            (&got.json()["status"], &got.json()["held"], &got.json()["chain"]),
            (&json!("processing"), &json!("1.00000000"), &json!("bitcoin"))
        );
        let again = tried(api, &id, "start", json!({"tx_hash": HASH})).await;
        assert_eq!(
            (again.status.as_u16(), again.header("idempotent-replayed")),
            (200, "true")
        );
        let known = step(api, &id, "report", json!({"block": 870_000, "confirmations": 1})).await;
        assert_eq!((&known["block"], &known["version"]), (&json!(870_000), &json!(3)));
        let done = step(api, &id, "complete", json!({"confirmations": 6})).await;
        assert_eq!(
            (
                &done["status"],
                &done["confirmations"],
                &done["debit_posted"],
                done.get("held")
            ),
            (&json!("completed"), &json!(6), &json!("4.00000000"), None)
        );
        let got = tried(api, &id, "fail", json!({"error": "too late"})).await;
        got.assert_problem(409, "wrong_status", None);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_ends_without_a_movement() {
    for on in BOTH {
        let world = World::new(on).await;
        let api = &world.api;
        deposit(api, "house:omnibus", "5").await;
        let id = withdrawal(api, "pending").await;
        let cancelled = step(api, &id, "cancel", json!({"reason": "ordered twice"})).await;
        assert_eq!(
            (&cancelled["status"], &cancelled["error"]),
            (&json!("cancelled"), &json!("ordered twice"))
        );
        let id = withdrawal(api, "processing").await;
        let failed = step(api, &id, "fail", json!({"error": "rejected"})).await;
        assert_eq!(
            (&failed["status"], &failed["error"]),
            (&json!("failed"), &json!("rejected"))
        );
        let id = withdrawal(api, "unknown").await;
        for outcome in ["completed", "failed"] {
            let got = tried(
                api,
                &id,
                "resolve",
                json!({"outcome": outcome, "evidence": "a block"}),
            )
            .await;
            got.assert_problem(409, "approval_required", Some("approval"));
            assert!(got.json()["rule"].is_string() && got.json()["lifted_by"].is_string());
        }
        let got = tried(api, &id, "complete", json!({})).await;
        got.assert_problem(409, "wrong_status", None);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hold_in_parts() {
    for on in BOTH {
        let world = World::new(on).await;
        let api = &world.api;
        let id = held(api, "3").await;
        let got = tried(api, &id, "capture", json!({"amount": "1"})).await;
        assert_eq!(got.status, 201, "{}", got.text());
        let part = got.json();
        assert_eq!(
            got.header("location"),
            format!("{OPERATIONS}/{}", part["id"].as_str().unwrap())
        );
        assert_eq!(
            (&part["parent"], &part["amount"], &part["status"]),
            (&json!(id), &json!("1.00000000"), &json!("completed"))
        );
        let got = tried(api, &id, "capture", json!({"amount": "2.5"})).await;
        assert_eq!((got.problem().0, &*got.problem().1), (409, "exceeds_held"));
        let ended = step(api, &id, "release", Value::Null).await;
        assert_eq!(
            (&ended["status"], &ended["captured"], ended.get("held")),
            (&json!("completed"), &json!("1.00000000"), None)
        );
        let got = tried(api, &id, "capture", json!({})).await;
        got.assert_problem(409, "wrong_status", None);
        let id = held(api, "3").await;
        let rest = step(api, &id, "capture", json!({})).await;
        assert_eq!(rest["amount"], "3.00000000");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_lets_go_of_what_one_asked_for_and_not_of_what_one_pays() {
    for on in BOTH {
        let world = World::new(on).await;
        let api = &world.api;
        let body = json!({"kind": "transfer", "asset": "BTC", "amount": "3", "debit": format!("user:{}", world.ann),
            "credit": "house:fees", "pending": true});
        let own = world.as_user(&world.ann_key, "POST", OPERATIONS, body).await;
        let id = own.json()["id"].as_str().unwrap().to_owned();
        let by = async |key: &str, id: &str, step: &str| {
            let body = if step == "start" { json!({}) } else { Value::Null };
            world
                .as_user(key, "POST", &format!("{OPERATIONS}/{id}/{step}"), body)
                .await
        };
        let nobody = "01970000-0000-7000-8000-0000000000bc";
        for (id, key) in [
            (&*id, &world.bob_key),
            (nobody, &world.bob_key),
            (nobody, &world.ann_key),
        ] {
            let got = by(key, id, "release").await;
            got.assert_problem(404, "unknown_operation", Some("id"));
        }
        by(&world.ann_key, &id, "start")
            .await
            .assert_problem(403, "permission_missing", None);
        let got = by(&world.ann_key, &id, "release").await;
        assert_eq!(
            (got.status.as_u16(), &got.json()["status"]),
            (200, &json!("cancelled"))
        );
        // What the house holds of hers she sees, and cannot let go of, nor give away.
        let id = held(api, "2").await;
        for step in ["release", "cancel", "capture"] {
            let got = world
                .as_user(
                    &world.ann_key,
                    "POST",
                    &format!("{OPERATIONS}/{id}/{step}"),
                    json!({}),
                )
                .await;
            got.assert_problem(403, "permission_missing", None);
            let why = got.json()["detail"].as_str().unwrap().to_owned();
            assert!(why.contains("who made the operation"), "{why}");
        }
        let shown = world
            .as_user(&world.ann_key, "GET", &format!("{OPERATIONS}/{id}"), Value::Null)
            .await;
        assert_eq!(shown.json()["held"], "2.00000000");
        // Whoever is to receive sees it, and cannot end it.
        let body = json!({"kind": "transfer", "asset": "BTC", "amount": "1", "debit": "user:ann", "credit": "user:bob", "pending": true});
        let id = make(api, body).await["id"].as_str().unwrap().to_owned();
        by(&world.bob_key, &id, "release")
            .await
            .assert_problem(403, "permission_missing", None);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn steps_that_depend_on_a_version_and_dry_runs() {
    for on in BOTH {
        let world = World::new(on).await;
        let api = &world.api;
        deposit(api, "house:omnibus", "5").await;
        let id = withdrawal(api, "pending").await;
        let path = format!("{OPERATIONS}/{id}/cancel");
        let got = api.change("POST", &path, "\"2\"", json!({})).await;
        got.assert_problem(412, "version_mismatch", None);
        let got = api.change("POST", &path, "2", json!({})).await;
        got.assert_problem(400, "malformed_if_match", None);
        let size = api.size().await;
        let dry = tried(api, &id, "start?dry_run=true", json!({})).await;
        assert_eq!(
            (dry.status.as_u16(), &dry.json()["dry_run"], &dry.json()["status"]),
            (200, &json!(true), &json!("processing"))
        );
        let dry = tried(api, &id, "complete?dry_run=true", json!({})).await;
        dry.assert_problem(409, "wrong_kind", None);
        let hold = held(api, "1").await;
        let before = api.size().await;
        let dry = tried(api, &hold, "capture?dry_run=true", json!({})).await;
        assert_eq!(
            (dry.status.as_u16(), dry.json().get("id")),
            (200, None),
            "{}",
            dry.text()
        );
        assert_eq!(api.size().await, before);
        assert_eq!(before, size + 1);
        let got = api.change("POST", &path, "\"1\"", json!({})).await;
        assert_eq!(got.json()["status"], "cancelled");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bad_input_changes_nothing() {
    for on in BOTH {
        let world = World::new(on).await;
        let api = &world.api;
        deposit(api, "house:omnibus", "5").await;
        let pending = withdrawal(api, "pending").await;
        let sent = withdrawal(api, "processing").await;
        let unknown = withdrawal(api, "unknown").await;
        let hold = held(api, "1").await;
        let size = api.size().await;
        for (id, step, body, field) in [
            (&pending, "start", json!({"chain": "Bitcoin"}), "chain"),
            (&pending, "start", json!({"approval": "x"}), "approval"),
            (&pending, "start", json!({"output": 1}), "output"),
            (
                &pending,
                "start",
                json!({"output": u64::MAX, "tx_hash": HASH}),
                "output",
            ),
            (&pending, "report", json!({"block": -1}), "block"),
            (&pending, "cancel", json!({"reason": ""}), "reason"),
            (&pending, "cancel", json!({"reason": "x".repeat(1_001)}), "reason"),
            (&sent, "fail", json!({}), "error"),
            (&sent, "fail", json!({"error": ""}), "error"),
            (&sent, "mark-unknown", json!({"error": "\u{0}"}), "error"),
            (&sent, "complete", json!({"tx_hash": ""}), "tx_hash"),
            (&sent, "complete", json!({"state": "done"}), "state"),
            (
                &unknown,
                "resolve",
                json!({"outcome": "maybe", "evidence": "x"}),
                "outcome",
            ),
            (&unknown, "resolve", json!({"outcome": "failed"}), "evidence"),
            (
                &unknown,
                "resolve",
                json!({"outcome": "failed", "evidence": ""}),
                "evidence",
            ),
            (&hold, "capture", json!({"amount": 1}), "amount"),
            (&hold, "capture", json!({"amount": "0"}), "amount"),
            (&hold, "capture", json!({"amount": "-1"}), "amount"),
            (&hold, "capture", json!({"amount": "0.000000001"}), "amount"),
            (&hold, "capture", json!({"id": "x"}), "id"),
        ] {
            let got = tried(api, id, step, body.clone()).await;
            assert_eq!(got.status, 400, "{step} {body}: {}", got.text());
            got.assert_problem(400, "invalid_field", Some(field));
        }
        for step in ["start", "complete", "cancel", "report", "release", "capture"] {
            let got = tried(api, "not-an-id", step, json!({})).await;
            got.assert_problem(400, "invalid_field", Some("id"));
            let nobody = tried(api, "01970000-0000-7000-8000-0000000000bc", step, json!({})).await;
            nobody.assert_problem(404, "unknown_operation", Some("id"));
        }
        for entry in api.entries_from(size).await {
            assert_ne!(entry["outcome"], "success", "{entry}");
        }
        for (id, status) in [
            (&pending, "pending"),
            (&sent, "processing"),
            (&unknown, "unknown"),
            (&hold, "pending"),
        ] {
            assert_eq!(
                api.get(&format!("{OPERATIONS}/{id}")).await.json()["status"],
                status
            );
        }
    }
}
