//! Recording activities, and the feed.

use serde_json::{Value, json};

use crate::api::{Api, BOTH};

const PATH: &str = "/v1/activity";

async fn feed(api: &Api, query: &str) -> Vec<Value> {
    let got = api.get(&format!("{PATH}?{query}")).await;
    assert_eq!(got.status, 200, "{}", got.text());
    got.json()["activities"].as_array().unwrap().clone()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_recorded_is_shown() {
    for on in BOTH {
        let api = Api::new(on).await;
        let full = json!({
            "id": "01970000-0000-7000-8000-000000000001", "timestamp": "2026-01-02T03:04:05Z", "type": "order.update",
            "description": "Changed the address", "user": "anna", "entity_kind": "order", "entity": "A-1",
            "details": {"channel": "web"}
        });
        let got = api.post(PATH, full.to_string()).await;
        assert_eq!(got.status, 201, "{}", got.text());
        let index = got.json()["index"].as_u64().unwrap();
        assert_eq!(
            feed(&api, "limit=1").await,
            [json!({
                "id": "01970000-0000-7000-8000-000000000001", "index": index, "timestamp": "2026-01-02T03:04:05.000000Z",
                "type": "order.update", "user": "anna", "user_id": null, "user_kind": "user", "on_behalf_of": null, "entity": "A-1", "entity_kind": "order",
                "description": "Changed the address", "outcome": "success"
            })]
        );
        assert_eq!(
            api.get(got.header("location")).await.json()["details"],
            json!({"channel": "web"})
        );
        assert_eq!(api.post(PATH, full.to_string()).await.status, 200, "a replay");

        let bare = json!({"type": "backup", "description": "Done"});
        assert_eq!(api.post(PATH, bare.to_string()).await.status, 201);
        let shown = &feed(&api, "limit=1").await[0];
        assert_eq!(
            (&shown["user"], &shown["entity"], &shown["entity_kind"]),
            (&Value::Null, &Value::Null, &Value::Null)
        );
    }
}

/// An activity that brings no time has the time of its recording, whether it is missing or null.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_time_it_happened_when_it_was_recorded() {
    for on in BOTH {
        let api = Api::new(on).await;
        for body in [
            json!({"type": "backup", "description": "Done"}),
            json!({"type": "backup", "description": "Done again", "timestamp": null}),
        ] {
            let before = engine::now().to_string();
            let got = api.post(PATH, body.to_string()).await;
            assert_eq!(got.status, 201, "{}", got.text());
            let after = engine::now().to_string();
            let shown = &feed(&api, "limit=1").await[0];
            let timestamp = shown["timestamp"].as_str().unwrap();
            assert!(
                before.as_str() <= timestamp && timestamp <= after.as_str(),
                "{before} {timestamp} {after}"
            );
            let entry = api.get(got.header("location")).await.json();
            assert_eq!(
                (&entry["at"], &entry["occurred_at"]),
                (&shown["timestamp"], &Value::Null)
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_feed_filters_and_pages() {
    for on in BOTH {
        let api = Api::new(on).await;
        for n in 0..6 {
            let user = if n % 2 == 0 { "anna" } else { "bob" };
            let body = json!({"type": format!("feed.{}", n / 3), "description": format!("No. {n}"), "user": user, "entity": format!("e{}", n % 3)});
            assert_eq!(api.post(PATH, body.to_string()).await.status, 201);
        }
        let texts = |found: Vec<Value>| -> Vec<String> {
            found
                .iter()
                .map(|one| one["description"].as_str().unwrap()[4..].to_owned())
                .collect()
        };
        for (query, expected) in [
            ("kind=feed.*", &["5", "4", "3", "2", "1", "0"][..]),
            ("user=anna", &["4", "2", "0"]),
            ("kind=feed.1&user=bob", &["5", "3"]),
            ("entity=e2", &["5", "2"]),
            ("entity=e9", &[]),
        ] {
            assert_eq!(texts(feed(&api, query).await), expected, "{query}");
        }
        // The other way round, and by the time of recording, of which the end is not within.
        assert_eq!(texts(feed(&api, "kind=feed.0&order=asc").await), ["0", "1", "2"]);
        let page = api
            .get(&format!("{PATH}?kind=feed.*&order=asc&limit=4"))
            .await
            .json();
        let rest = format!("kind=feed.*&order=asc&cursor={}", page["next"].as_str().unwrap());
        assert_eq!(texts(feed(&api, &rest).await), ["4", "5"]);
        let recorded = async |n: usize| {
            let index = &feed(&api, "kind=feed.*&order=asc").await[n]["index"];
            let entry = api.get(&format!("/v1/audit/entries/{index}")).await.json();
            entry["at"].as_str().unwrap().to_owned()
        };
        let (from, to) = (recorded(2).await, recorded(4).await);
        for (query, expected) in [
            (format!("kind=feed.*&from={from}&to={to}"), &["3", "2"][..]),
            (format!("kind=feed.*&from={to}"), &["5", "4"]),
            (format!("kind=feed.*&to={from}"), &["1", "0"]),
            (format!("user=bob&from={from}"), &["5", "3"]),
        ] {
            assert_eq!(texts(feed(&api, &query).await), expected, "{query}");
        }
        for (query, field) in [("order=up", "order"), ("from=yesterday", "from"), ("to=7", "to")] {
            let got = api.get(&format!("{PATH}?{query}")).await;
            got.assert_problem(400, "invalid_field", Some(field));
        }
        let first = api.get(&format!("{PATH}?kind=feed.*&limit=4")).await;
        assert!(
            first
                .header("link")
                .starts_with("</v1/activity?kind=feed.*&limit=4&cursor=")
        );
        let cursor = first.json()["next"].as_str().unwrap().to_owned();
        assert_eq!(
            texts(feed(&api, &format!("kind=feed.*&limit=4&cursor={cursor}")).await),
            ["1", "0"]
        );
        api.get(&format!("{PATH}?actor=anna"))
            .await
            .assert_problem(400, "unknown_parameter", Some("actor"));
    }
}

/// An entry without a description gets a sentence all the same.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_entry_is_an_activity() {
    let api = Api::new(crate::api::On::Sqlite).await;
    api.record(
        &json!([{"actor": {"kind": "user", "name": "Anna"}, "action": "door.open", "outcome": "refused"}]),
    )
    .await;
    let shown = &feed(&api, "limit=1").await[0];
    assert_eq!(
        (&shown["user"], &shown["outcome"]),
        (&json!("Anna"), &json!("refused"))
    );
    assert_eq!(shown["description"], "Anna was refused door.open");
    api.record(&json!([{"actor": {"kind": "agent", "name": "triage", "on_behalf_of": "anna"}, "action": "door.open"}]))
        .await;
    let shown = &feed(&api, "limit=1").await[0];
    assert_eq!(
        (&shown["user_kind"], &shown["on_behalf_of"]),
        (&json!("agent"), &json!("anna"))
    );
    assert_eq!(shown["description"], "triage, on behalf of anna, did door.open");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_wrong_is_named_in_the_words_of_the_activity() {
    for on in BOTH {
        let api = Api::new(on).await;
        let size = api.size().await;
        let with = |name: &str, value: Value| {
            let mut body = json!({"type": "a", "description": "b"});
            body[name] = value;
            body
        };
        for (body, field) in [
            (json!({"description": "x"}), Some("type")),
            (json!({"type": "a"}), Some("description")),
            (json!([]), None),
            (with("actor", json!("x")), Some("actor")),
            (with("type", json!("")), Some("type")),
            (with("type", json!("x".repeat(51))), Some("type")),
            (with("type", json!("a b")), Some("type")),
            (with("user", json!("")), Some("user")),
            (with("user", json!("x\u{0}")), Some("user")),
            (with("entity", json!("x".repeat(1_025))), Some("entity")),
            (with("entity_kind", json!("order")), Some("entity")),
            (
                json!({"type": "a", "description": "b", "entity": "e", "entity_kind": "a b"}),
                Some("entity_kind"),
            ),
            (
                with("timestamp", json!("1969-01-01T00:00:00Z")),
                Some("timestamp"),
            ),
            (with("timestamp", json!("soon")), Some("timestamp")),
            (with("description", json!("")), Some("description")),
            (with("details", json!([])), Some("details")),
            (with("id", json!("x")), Some("id")),
        ] {
            let got = api.post(PATH, body.to_string()).await;
            let (status, code, got_field) = got.problem();
            assert_eq!(
                (status, code.as_str(), got_field.as_deref()),
                (400, "invalid_field", field),
                "{body}: {}",
                got.text()
            );
            assert!(
                !got.json()["detail"].as_str().unwrap().contains("action"),
                "{}",
                got.text()
            );
        }
        assert_eq!(api.size().await, size, "nothing was written");
    }
}
