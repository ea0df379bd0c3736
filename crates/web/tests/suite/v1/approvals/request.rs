//! Asking for approvals, looking at them, and taking them back.

use domain::identity::{Role, Scope};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Board, deploy};
use crate::api::{Api, BOTH, On};
use crate::people::{Person, assert_documented, ids, text, with_rules};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_asked_for_is_shown() {
    for on in BOTH {
        let api = Api::new(on).await;
        let board = Board::new(&api).await;
        let ann = Person::new(&api, "ann", Role::USER).await;
        let mut body = deploy();
        body["reason"] = json!("passed its evaluation");
        body["quorum"] = json!(2);
        let got = board.dev.post(&api, "/v1/approvals", body.clone()).await;
        assert_eq!(
            (got.status.as_u16(), got.header("etag")),
            (201, "\"1\""),
            "{}",
            got.text()
        );
        let made = got.json();
        assert_documented(&made, "Approval");
        let path = format!("/v1/approvals/{}", text(&made, "id"));
        assert_eq!(got.header("location"), path);
        for (name, expected) in [
            ("action", body["action"].clone()),
            ("arguments", body["arguments"].clone()),
            ("reason", body["reason"].clone()),
            ("quorum", json!(2)),
            ("status", json!("pending")),
            ("requested_by", json!(board.dev.id)),
            ("votes_for", json!(0)),
            ("votes", json!([])),
            ("decided_at", Value::Null),
            ("used_at", Value::Null),
            ("version", json!(1)),
        ] {
            assert_eq!(made[name], expected, "{name}");
        }
        for who in [&board.dev, &board.cora] {
            let got = who.get(&api, &path).await;
            assert_eq!((got.status.as_u16(), got.header("etag")), (200, "\"1\""));
            assert_eq!(got.json(), made);
        }
        let nobody = format!("/v1/approvals/{}", Uuid::now_v7());
        for (who, path) in [(&ann, &path), (&ann, &nobody), (&board.cora, &nobody)] {
            let got = who.get(&api, path).await;
            got.assert_problem(404, "unknown_approval", Some("id"));
        }
        // Who may vote may not ask.
        let got = board.cora.post(&api, "/v1/approvals", body).await;
        got.assert_problem(403, "permission_missing", None);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_ids_and_dry_runs() {
    for on in BOTH {
        let api = Api::new(on).await;
        let board = Board::new(&api).await;
        let (path, before) = ("/v1/approvals", api.size().await);
        let dry = board.dev.post(&api, "/v1/approvals?dry_run=true", deploy()).await;
        let would = dry.json();
        assert_eq!(
            (
                dry.status.as_u16(),
                &would["dry_run"],
                &would["quorum"],
                would.get("id")
            ),
            (200, &json!(true), &json!(1), None)
        );
        assert_eq!(api.size().await, before);
        let key = ("idempotency-key", "deployment of m-7");
        let first = board.dev.post_with(&api, key, path, &deploy()).await;
        let again = board.dev.post_with(&api, key, path, &deploy()).await;
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
        let mut other = deploy();
        other["arguments"]["model"] = json!("m-8");
        let got = board.dev.post_with(&api, key, path, &other).await;
        got.assert_problem(422, "idempotency_key_reused", Some("arguments"));
        other["id"] = json!(Uuid::now_v7());
        let got = board.dev.post_with(&api, key, path, &other).await;
        got.assert_problem(400, "invalid_field", Some("id"));
        for replayed in ["", "true"] {
            let got = board.dev.post(&api, path, other.clone()).await;
            assert_eq!((got.status.as_u16(), &got.json()["id"]), (201, &other["id"]));
            assert_eq!(got.header("idempotent-replayed"), replayed);
        }
        other["quorum"] = json!(2);
        let got = board.dev.post(&api, path, other.clone()).await;
        got.assert_problem(409, "id_conflict", Some("quorum"));
        // Another's key of the same text is another key.
        let got = board.root.post_with(&api, key, path, &deploy()).await;
        assert_eq!(
            (got.status.as_u16(), got.header("idempotent-replayed")),
            (201, "")
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_who_asked_takes_it_back() {
    for on in BOTH {
        let api = Api::new(on).await;
        let board = Board::new(&api).await;
        let path = board.asked(&api, &board.dev, deploy()).await;
        let withdraw = format!("{path}/withdraw");
        let got = board.root.post(&api, &withdraw, Value::Null).await;
        got.assert_problem(403, "not_requester", None);
        let dry = board
            .dev
            .post(&api, &format!("{withdraw}?dry_run=true"), Value::Null)
            .await
            .json();
        assert_eq!(
            (&dry["status"], &dry["dry_run"]),
            (&json!("withdrawn"), &json!(true))
        );
        let got = board.dev.post(&api, &withdraw, Value::Null).await;
        assert_eq!((got.status.as_u16(), got.header("etag")), (200, "\"2\""));
        assert_eq!(got.json()["status"], "withdrawn");
        let size = api.size().await;
        assert_eq!(
            board.dev.post(&api, &withdraw, Value::Null).await.json(),
            got.json()
        );
        assert_eq!(api.size().await, size);
        let path = board.asked(&api, &board.dev, deploy()).await;
        let against = json!({"approve": false, "reason": "not now"});
        board.cora.post(&api, &format!("{path}/vote"), against).await;
        let got = board
            .dev
            .post(&api, &format!("{path}/withdraw"), Value::Null)
            .await;
        got.assert_problem(409, "approval_decided", None);
        let nobody = format!("/v1/approvals/{}/withdraw", Uuid::now_v7());
        let got = board.dev.post(&api, &nobody, Value::Null).await;
        got.assert_problem(404, "unknown_approval", Some("id"));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_by_status_and_by_who_asked() {
    for on in BOTH {
        let api = Api::new(on).await;
        let board = Board::new(&api).await;
        let ann = Person::new(&api, "ann", Role::USER).await;
        let mut made = Vec::new();
        for who in [&board.dev, &ann, &board.dev] {
            let path = board.asked(&api, who, deploy()).await;
            made.push(path.rsplit('/').next().unwrap().to_owned());
        }
        board
            .vote_for(&api, &board.cora, &format!("/v1/approvals/{}", made[0]))
            .await;
        let list = async |who: &Person, query: &str| {
            let got = who.get(&api, &format!("/v1/approvals{query}")).await;
            assert_eq!(got.status, 200, "{query}: {}", got.text());
            ids(&got.json(), "approvals")
        };
        let of_dev = [made[0].clone(), made[2].clone()];
        assert_eq!(list(&board.cora, "").await, made);
        assert_eq!(list(&board.cora, "?status=granted").await, made[..1]);
        assert_eq!(list(&board.cora, "?status=pending").await, made[1..]);
        assert_eq!(list(&board.cora, "?requested_by=dev").await, of_dev);
        assert_eq!(list(&board.dev, "?requested_by=me").await, of_dev);
        assert_eq!(list(&board.dev, "").await, made);
        for query in ["", "?requested_by=me", &format!("?requested_by={}", ann.id)] {
            assert_eq!(list(&ann, query).await, made[1..2], "{query}");
        }
        let got = board.cora.get(&api, "/v1/approvals?limit=2").await;
        assert_eq!(ids(&got.json(), "approvals"), made[..2]);
        let next = got.header("link").split(['<', '>']).nth(1).unwrap().to_owned();
        assert_eq!(
            ids(&board.cora.get(&api, &next).await.json(), "approvals"),
            made[2..]
        );
        let got = ann.get(&api, "/v1/approvals?requested_by=dev").await;
        got.assert_problem(403, "permission_missing", None);
        let got = board.cora.get(&api, "/v1/approvals?requested_by=nobody").await;
        got.assert_problem(404, "unknown_user", Some("requested_by"));
        let got = board.cora.get(&api, "/v1/approvals?status=odd").await;
        got.assert_problem(400, "invalid_field", Some("status"));
        let (key, _) = api.new_key("ann", &[Scope::Governance]).await;
        let got = api.call_as(&key, "GET", "/v1/approvals", &Value::Null).await;
        assert_eq!(ids(&got.json(), "approvals"), made[1..2]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_clock_ends_what_nobody_used() {
    let api = with_rules(On::Sqlite, |rules| rules.custody.approval_s = 1).await;
    let board = Board::new(&api).await;
    let path = board.asked(&api, &board.dev, deploy()).await;
    let granted = board.asked(&api, &board.dev, deploy()).await;
    board.vote_for(&api, &board.cora, &granted).await;
    tokio::time::sleep(std::time::Duration::from_millis(1_100)).await;
    for path in [&path, &granted] {
        assert_eq!(board.dev.get(&api, path).await.json()["status"], "expired");
    }
    let page = board.dev.get(&api, "/v1/approvals?status=pending").await.json();
    assert_eq!(page["approvals"], json!([]));
    let got = board
        .cora
        .post(&api, &format!("{path}/vote"), json!({"approve": true}))
        .await;
    got.assert_problem(409, "approval_expired", None);
    let got = board
        .dev
        .post(&api, &format!("{path}/withdraw"), Value::Null)
        .await;
    got.assert_problem(409, "approval_expired", None);
    let got = board.dev.post(&api, &format!("{granted}/use"), deploy()).await;
    got.assert_problem(409, "approval_not_granted", Some("approval"));
    assert_eq!(api.engine.sweep().await.unwrap().approvals, 2);
    let page = board.dev.get(&api, "/v1/approvals?status=expired").await.json();
    assert_eq!(ids(&page, "approvals").len(), 2);
}
