//! What an activity is: thirteen behaviours, each on both engines.

use domain::identity::Role;
use serde_json::{Value, json};

use crate::api::{Api, BOTH};

const PATH: &str = "/v1/activity";

async fn feed(api: &Api, query: &str) -> Vec<Value> {
    let got = api.get(&format!("{PATH}?{query}")).await;
    assert_eq!(got.status, 200, "{}", got.text());
    got.json()["activities"].as_array().unwrap().clone()
}

/// Records an activity, and shows it.
async fn recorded(api: &Api, body: Value) -> Value {
    let got = api.post(PATH, body.to_string()).await;
    assert_eq!(got.status, 201, "{}", got.text());
    feed(api, "limit=1").await.remove(0)
}

/// Tries to record an activity in which this field is wrong or missing.
async fn refused(api: &Api, body: Value, field: &str) {
    let size = api.size().await;
    let got = api.post(PATH, body.to_string()).await;
    got.assert_problem(400, "invalid_field", Some(field));
    assert_eq!(api.size().await, size, "nothing was written");
}

/// Tries it with a fresh API on each engine.
async fn on_both(behaviour: impl AsyncFn(&Api)) {
    for on in BOTH {
        behaviour(&Api::new(on).await).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c4_01_all_fields() {
    on_both(async |api| {
        let ann = api.new_login("ann", Role::VIEWER).await;
        let shown = recorded(api, json!({
            "timestamp": "2026-01-02T03:04:05Z", "type": "order.update", "description": "Changed the address",
            "user": "ann", "entity_kind": "order", "entity": "A-1",
        })).await;
        let text = |name: &str| shown[name].as_str().unwrap().to_owned();
        assert_eq!(
            [
                "timestamp",
                "type",
                "description",
                "user",
                "user_id",
                "entity_kind",
                "entity"
            ]
            .map(text),
            [
                "2026-01-02T03:04:05.000000Z",
                "order.update",
                "Changed the address",
                "ann",
                &ann.to_string(),
                "order",
                "A-1",
            ]
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c4_02_without_a_user() {
    on_both(async |api| {
        let shown = recorded(
            api,
            json!({"type": "backup", "description": "Done", "entity": "A-1"}),
        )
        .await;
        assert_eq!(
            (&shown["user"], &shown["user_id"], &shown["user_kind"]),
            (&Value::Null, &Value::Null, &json!("system"))
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c4_03_without_an_entity() {
    on_both(async |api| {
        let shown = recorded(
            api,
            json!({"type": "login", "description": "Logged in", "user": "ann"}),
        )
        .await;
        assert_eq!(
            (&shown["entity"], &shown["entity_kind"]),
            (&Value::Null, &Value::Null)
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c4_04_the_time_is_now_by_default() {
    on_both(async |api| {
        let before = engine::now().to_string();
        let shown = recorded(api, json!({"type": "backup", "description": "Done"})).await;
        let timestamp = shown["timestamp"].as_str().unwrap();
        assert!(
            *before <= *timestamp && *timestamp <= *engine::now().to_string(),
            "{timestamp}"
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c4_05_a_missing_type_fails() {
    on_both(async |api| {
        refused(api, json!({"description": "Done"}), "type").await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c4_06_a_missing_description_fails() {
    on_both(async |api| {
        refused(api, json!({"type": "backup"}), "description").await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c4_07_from_the_activity_to_its_user() {
    on_both(async |api| {
        let ann = api.new_login("ann", Role::VIEWER).await.to_string();
        for name in ["ann", "ann@example.com", &ann] {
            let shown = recorded(api, json!({"type": "t", "description": "d", "user": name})).await;
            assert_eq!(shown["user_id"], json!(ann), "{name}");
            let user = api
                .get(&format!("/v1/users/{}", shown["user_id"].as_str().unwrap()))
                .await;
            assert_eq!(user.json()["username"], "ann");
        }
        // Whoever is not a user, and whoever is not one yet, is a name alone.
        let shown = recorded(api, json!({"type": "t", "description": "d", "user": "bob"})).await;
        assert_eq!((&shown["user"], &shown["user_id"]), (&json!("bob"), &Value::Null));
        api.new_login("bob", Role::VIEWER).await;
        assert_eq!(feed(api, "user=bob&kind=t").await[0]["user_id"], Value::Null);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c4_08_from_the_user_to_its_activities() {
    on_both(async |api| {
        let ann = api.new_login("ann", Role::VIEWER).await.to_string();
        for (number, name) in ["ann", "ann@example.com", &ann, "bob"].into_iter().enumerate() {
            recorded(
                api,
                json!({"type": "t", "description": format!("No. {number}"), "user": name}),
            )
            .await;
        }
        let texts = |found: &[Value]| -> Vec<String> {
            found
                .iter()
                .map(|one| one["description"].as_str().unwrap().to_owned())
                .collect()
        };
        for name in ["ann", "ANN", "ann@example.com", &ann] {
            let found = feed(api, &format!("kind=t&user={name}")).await;
            assert_eq!(texts(&found), ["No. 2", "No. 1", "No. 0"], "{name}");
        }
        let user = api.get("/v1/users/ann?include=activities").await.json();
        let found = user["activities"]["records"].as_array().unwrap();
        assert_eq!(texts(found)[..3], ["No. 2", "No. 1", "No. 0"]);
        assert_eq!(*found, feed(api, &format!("user={ann}")).await);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c4_09_deleting_the_user_keeps_the_activity() {
    on_both(async |api| {
        let ann = api.new_login("ann", Role::VIEWER).await.to_string();
        for name in ["ann", &ann] {
            recorded(api, json!({"type": "t", "description": "Kept", "user": name})).await;
        }
        let got = api
            .call("POST", "/v1/users/ann/erase", json!({"reason": "asked for"}))
            .await;
        assert_eq!(got.status, 200, "{}", got.text());
        // Nor is somebody of the same name linked, who came later.
        api.new_login("ann", Role::VIEWER).await;
        let found = feed(api, "kind=t").await;
        assert_eq!(found.len(), 2);
        for one in found {
            assert_eq!(
                (&one["description"], &one["user_id"]),
                (&json!("Kept"), &Value::Null)
            );
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c4_10_a_readable_representation() {
    on_both(async |api| {
        let entry = json!([{"actor": {"kind": "user", "name": "Ann"}, "action": "door.open", "target": {"kind": "door", "id": "7"}}]);
        api.record(&entry).await;
        assert_eq!(feed(api, "limit=1").await[0]["description"], "Ann did door.open on door 7");
        let shown = recorded(api, json!({"type": "door.open", "description": "Ann came in"})).await;
        assert_eq!(shown["description"], "Ann came in");
    }).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c4_11_several_types() {
    on_both(async |api| {
        for kind in ["order.create", "order.ship", "login"] {
            recorded(api, json!({"type": kind, "description": "d"})).await;
        }
        for (kind, count) in [("order.create", 1), ("order.*", 2), ("login", 1), ("logout", 0)] {
            assert_eq!(feed(api, &format!("kind={kind}")).await.len(), count, "{kind}");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c4_12_a_long_description() {
    on_both(async |api| {
        let long = "ö".repeat(10_000);
        let shown = recorded(api, json!({"type": "t", "description": long})).await;
        assert_eq!(shown["description"], json!(long));
        refused(
            api,
            json!({"type": "t", "description": format!("{long}ö")}),
            "description",
        )
        .await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c4_13_ordering() {
    on_both(async |api| {
        for number in 0..3 {
            recorded(api, json!({"type": "t", "description": format!("No. {number}")})).await;
        }
        for (query, expected) in [
            ("", ["No. 2", "No. 1", "No. 0"]),
            ("&order=asc", ["No. 0", "No. 1", "No. 2"]),
        ] {
            let found = feed(api, &format!("kind=t{query}")).await;
            let texts: Vec<_> = found
                .iter()
                .map(|one| one["description"].as_str().unwrap())
                .collect();
            assert_eq!(texts, expected, "{query}");
        }
        // By their own times, whatever the order in which they came.
        for year in [2001, 2003, 2002] {
            let body = json!({"type": "old", "description": year.to_string(), "timestamp": format!("{year}-01-01T00:00:00Z")});
            recorded(api, body).await;
        }
        for (query, expected) in [
            ("", vec!["2002", "2003", "2001"]),
            ("&by_timestamp=true", vec!["2003", "2002", "2001"]),
            ("&by_timestamp=true&order=asc&from=2002-01-01T00:00:00Z", vec!["2002", "2003"]),
            ("&by_timestamp=true&to=2002-01-01T00:00:00Z", vec!["2001"]),
            ("&to=2002-01-01T00:00:00Z", vec![]),
        ] {
            let found = feed(api, &format!("kind=old{query}")).await;
            let texts: Vec<_> = found.iter().map(|one| one["description"].as_str().unwrap()).collect();
            assert_eq!(texts, expected, "{query}");
        }
        // A page goes on in the order in which it began.
        let page = api.get("/v1/activity?kind=old&by_timestamp=true&limit=1").await;
        let next = page.json()["next"].as_str().unwrap().to_owned();
        let found = feed(api, &format!("kind=old&by_timestamp=true&cursor={next}")).await;
        assert_eq!(found.len(), 2);
        api.get(&format!("/v1/activity?kind=old&cursor={next}"))
            .await
            .assert_problem(400, "invalid_field", Some("cursor"));
        api.get("/v1/activity/stream?by_timestamp=true")
            .await
            .assert_problem(400, "invalid_field", Some("by_timestamp"));
    })
    .await;
}
