//! Beginning, changing, finding, ending and erasing conversations.

use domain::identity::Role;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::api::{Api, BOTH, Got, On};
use crate::people::{Person, assert_documented, ids, text};

const LIST: &str = "/v1/conversations";

async fn patch(api: &Api, who: &Person, path: &str, tag: &str, body: Value) -> Got {
    let bearer = format!("Bearer {}", who.session);
    let headers = [("authorization", &*bearer), ("if-match", tag)];
    api.call_with(&headers, "PATCH", path, &body).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_conversation_from_its_beginning_to_its_end() {
    for on in BOTH {
        let api = Api::new(on).await;
        let ann = Person::new(&api, "ann", Role::USER).await;
        let bob = Person::new(&api, "bob", Role::USER).await;
        let looks = Person::new(&api, "looks", Role::VIEWER).await;
        let body = json!({"thread_id": "t-1", "title": "Logins", "context": {"b": [1.5], "a": "\u{0}"}});
        let got = ann.post(&api, LIST, body.clone()).await;
        assert_eq!(got.status, 201, "{}", got.text());
        let made = got.json();
        assert_documented(&made, "Conversation");
        let path = format!("{LIST}/{}", text(&made, "id"));
        assert_eq!((got.header("location"), got.header("etag")), (&*path, "\"1\""));
        for (name, expected) in [
            ("user", json!(ann.id)),
            ("created_by", json!(ann.id)),
            ("thread_id", json!("t-1")),
            ("title", json!("Logins")),
            ("context", body["context"].clone()),
            ("status", json!("active")),
            ("ended_at", Value::Null),
        ] {
            assert_eq!(made[name], expected, "{name}");
        }
        let size = api.size().await;
        let again = ann
            .post(&api, LIST, json!({"thread_id": "t-1", "title": "Other"}))
            .await;
        assert_eq!((again.status.as_u16(), again.json()), (201, made.clone()));
        assert_eq!(again.header("idempotent-replayed"), "true");
        assert_eq!(api.size().await, size);
        let got = bob.get(&api, &path).await;
        got.assert_problem(404, "unknown_conversation", Some("id"));
        let got = patch(&api, &bob, &path, "*", json!({"title": "x"})).await;
        got.assert_problem(404, "unknown_conversation", Some("id"));
        let got = patch(&api, &looks, &path, "*", json!({"title": "x"})).await;
        got.assert_problem(403, "permission_missing", None);
        assert_eq!(looks.get(&api, &path).await.json(), made);
        let got = patch(&api, &ann, &path, "\"2\"", json!({"title": "x"})).await;
        got.assert_problem(412, "version_mismatch", None);
        let changed = patch(&api, &ann, &path, "\"1\"", json!({"title": null})).await;
        assert_eq!(changed.header("etag"), "\"2\"");
        assert_eq!(
            (&changed.json()["title"], &changed.json()["context"]),
            (&Value::Null, &body["context"])
        );
        let end = format!("{path}/end");
        let ended = ann.post(&api, &end, json!({})).await.json();
        assert_eq!(
            (ended["status"].as_str(), ended["ended_at"].is_string()),
            (Some("ended"), true)
        );
        assert_eq!(ann.post(&api, &end, json!({})).await.json(), ended);
        let got = patch(&api, &ann, &path, "*", json!({"title": "late"})).await;
        got.assert_problem(409, "conversation_ended", None);
        let nobody = format!("{LIST}/{}", Uuid::from_u128(7));
        for got in [
            ann.get(&api, &nobody).await,
            ann.post(&api, &format!("{nobody}/end"), json!({})).await,
        ] {
            got.assert_problem(404, "unknown_conversation", Some("id"));
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn found_by_thread_user_and_status_in_both_orders() {
    let api = Api::new(On::Sqlite).await;
    let ann = Person::new(&api, "ann", Role::USER).await;
    let service = Person::new(&api, "svc", Role::SERVICE).await;
    let mut made = Vec::new();
    for (user, thread) in [("me", "t-1"), ("me", "t-2")] {
        let body = json!({"user": user, "thread_id": thread});
        made.push(text(&ann.post(&api, LIST, body).await.json(), "id"));
    }
    let of_service = json!({"thread_id": "t-1"});
    made.push(text(&service.post(&api, LIST, of_service).await.json(), "id"));
    ann.post(&api, &format!("{LIST}/{}/end", made[1]), json!({}))
        .await;
    let of_ann = format!("user={}", ann.id);
    for (who, query, expected) in [
        (&ann, "", vec![1, 0]),
        (&ann, "order=asc", vec![0, 1]),
        (&ann, "thread_id=t-1", vec![0]),
        (&ann, "status=ended", vec![1]),
        (&service, "thread_id=t-1", vec![2, 0]),
        (&service, &format!("thread_id=t-1&{of_ann}"), vec![0]),
        (&service, "status=active&order=asc", vec![0, 2]),
        (&service, "thread_id=t%25", vec![]),
    ] {
        let page = who.get(&api, &format!("{LIST}?{query}")).await.json();
        let expected: Vec<_> = expected
            .iter()
            .map(|number: &usize| made[*number].clone())
            .collect();
        assert_eq!(ids(&page, "conversations"), expected, "{query}");
    }
    for order in ["asc", "desc"] {
        let mut found = Vec::new();
        let mut next = String::new();
        loop {
            let query = format!("{LIST}?limit=1&order={order}{next}");
            let page = service.get(&api, &query).await.json();
            found.extend(ids(&page, "conversations"));
            let Some(cursor) = page["next"].as_str() else {
                break;
            };
            next = format!("&cursor={cursor}");
        }
        if order == "desc" {
            found.reverse();
        }
        assert_eq!(found, made, "{order}");
    }
    let page = ann.get(&api, &format!("{LIST}?limit=1")).await.json();
    let cursor = text(&page, "next");
    let got = ann.get(&api, &format!("{LIST}?order=asc&cursor={cursor}")).await;
    got.assert_problem(400, "invalid_field", Some("cursor"));
    let got = ann.get(&api, &format!("{LIST}?user={}", service.id)).await;
    got.assert_problem(403, "permission_missing", None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn for_somebody_else_it_takes_more() {
    let api = Api::new(On::Sqlite).await;
    let ann = Person::new(&api, "ann", Role::USER).await;
    let analyst = Person::new(&api, "analyst", Role::ANALYST).await;
    let service = Person::new(&api, "svc", Role::SERVICE).await;
    let body = json!({"thread_id": "t", "user": ann.id});
    let got = analyst.post(&api, LIST, body.clone()).await;
    got.assert_problem(403, "permission_missing", None);
    let got = service.post(&api, LIST, body).await;
    assert_eq!(got.status, 201, "{}", got.text());
    assert_eq!(got.json()["created_by"], json!(service.id));
    let nobody = json!({"thread_id": "t", "user": Uuid::from_u128(7)});
    let got = service.post(&api, LIST, nobody).await;
    got.assert_problem(404, "unknown_user", Some("user"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn they_go_with_their_user() {
    for on in BOTH {
        let api = Api::new(on).await;
        let ann = Person::new(&api, "ann", Role::USER).await;
        let body = json!({"thread_id": "loquat", "title": "medlar", "context": {"fruit": "quince"}});
        let made = ann.post(&api, LIST, body).await.json();
        let erase = api.call("POST", "/v1/users/ann/erase", json!({"reason": "asked for"}));
        assert_eq!(erase.await.status, 200);
        let left = api.get(&format!("{LIST}/{}", text(&made, "id"))).await.json();
        for name in ["thread_id", "title", "context"] {
            assert_eq!(left[name], Value::Null, "{name}");
        }
        for (name, expected) in [
            ("id", &made["id"]),
            ("user", &made["user"]),
            ("status", &json!("ended")),
        ] {
            assert_eq!(&left[name], expected, "{name}");
        }
        let entries = json!(api.entries_from(0).await).to_string();
        for word in ["loquat", "medlar", "quince"] {
            assert!(!entries.contains(word), "{word}");
        }
        assert!(entries.contains("conversation.create"));
    }
}
