//! The live feed, over real connections.

use std::time::Duration;

use domain::identity::Scope;
use serde_json::{Value, json};
use web::Settings;

use crate::api::{Api, BOTH, On};
use crate::tcp::{Client, Running};

async fn open(running: &Running, query: &str, headers: &str) -> Client {
    let mut client = running.connect().await;
    let head = running.head(&format!("GET /v1/activity/stream{query}"));
    client.write(&format!("{head}{headers}\r\n")).await;
    let head = client.head().await;
    assert!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{head}");
    assert!(
        head.contains("content-type: text/event-stream\r\n") && head.contains("cache-control: no-store\r\n")
    );
    client
}

async fn say(api: &Api, action: &str) -> u64 {
    api.record(&json!([{"actor": {"kind": "user", "id": "anna"}, "action": action}]))
        .await[0]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_happens_arrives_as_it_happens() {
    for on in BOTH {
        let running = Running::start(on, Settings::default()).await;
        say(&running.api, "before").await;
        let mut client = open(&running, "", "").await;
        assert_eq!(client.chunk().await.unwrap(), ": hello\n\n");
        for action in ["first", "second", "third"] {
            let index = say(&running.api, action).await;
            let events = client.events().await;
            assert_eq!(events.len(), 1);
            assert_eq!((events[0].id, events[0].name.as_str()), (index, "activity"));
            let data: Value = serde_json::from_str(&events[0].data).unwrap();
            assert_eq!(
                (&data["type"], &data["user"], &data["index"]),
                (&json!(action), &json!("anna"), &json!(index))
            );
        }
    }
}

/// A reader that breaks off anywhere and comes back gets every entry once, while others write.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn resuming_leaves_no_gap_and_repeats_nothing() {
    for on in BOTH {
        let running = Running::start(on, Settings::default()).await;
        let first = say(&running.api, "work").await;
        let total = 600;
        let (engine, router, key) = (
            running.api.engine.clone(),
            running.api.router.clone(),
            running.api.key.clone(),
        );
        let writer = tokio::spawn(async move {
            for n in 0..total / 10 {
                let events =
                    vec![json!({"actor": {"kind": "user"}, "action": "work", "details": {"n": n}}); 10];
                let request = http::Request::post("/v1/audit/entries")
                    .header("authorization", format!("Bearer {key}"))
                    .header("content-type", "application/json")
                    .body(axum::body::Body::from(json!(events).to_string()))
                    .unwrap();
                let answer = tower::ServiceExt::oneshot(router.clone(), request).await.unwrap();
                assert_eq!(answer.status(), 201);
                tokio::time::sleep(Duration::from_millis(3)).await;
            }
            drop(engine);
        });
        let mut seen = Vec::new();
        let mut last = first;
        let mut by_header = true;
        while seen.len() < total {
            let mut client = if by_header {
                // The header is newer than the query that a browser repeats.
                open(&running, "?after=0", &format!("Last-Event-ID: {last}\r\n")).await
            } else {
                open(&running, &format!("?after={last}"), "").await
            };
            by_header = !by_header;
            // One chunk of each connection, and then it breaks off.
            let events = client.events().await;
            seen.extend(events.iter().map(|event| event.id));
            last = *seen.last().unwrap();
        }
        writer.await.unwrap();
        assert_eq!(seen, (first + 1..=first + total as u64).collect::<Vec<_>>());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backlog_comes_whole_and_filtered() {
    for on in BOTH {
        let running = Running::start(on, Settings::default()).await;
        let events: Vec<Value> = (0..1_000)
            .map(|n| json!({"actor": {"kind": "user", "id": format!("u{}", n % 2)}, "action": format!("bulk.{}", n % 5), "target": {"kind": "t", "id": format!("t{}", n % 10)}}))
            .collect();
        let made = running.api.record(&json!(events)).await;
        let before = made[0] - 1;
        for (query, step, offset) in [
            ("", 1, 0),
            ("&user=u1", 2, 1),
            ("&kind=bulk.3", 5, 3),
            ("&entity=t7&user=u1&kind=bulk.*", 10, 7),
        ] {
            let mut client = open(&running, &format!("?after={before}{query}"), "").await;
            let expected: Vec<u64> = made.iter().skip(offset).step_by(step).copied().collect();
            let events = client.events_until(expected.len()).await;
            assert_eq!(
                events.iter().map(|event| event.id).collect::<Vec<_>>(),
                expected,
                "{query}"
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_quiet_stream_shows_that_it_lives() {
    let settings = Settings {
        heartbeat: Duration::from_millis(30),
        ..Settings::default()
    };
    let running = Running::start(On::Sqlite, settings).await;
    let mut client = open(&running, "?kind=never", "").await;
    client.chunk().await;
    for _ in 0..3 {
        // Entries that the filter leaves out do not keep the heart from beating.
        say(&running.api, "other").await;
        assert_eq!(client.chunk().await.unwrap(), ":\n\n");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_ends_with_the_server_and_with_its_key() {
    for on in BOTH {
        let settings = Settings {
            heartbeat: Duration::from_millis(50),
            ..Settings::default()
        };
        let mut running = Running::start(on, settings).await;
        let (key, id) = running
            .api
            .new_key(&running.api.admin.clone(), &[Scope::Read])
            .await;
        let admin = std::mem::replace(&mut running.api.key, key);
        let mut watched = open(&running, "", "").await;
        running.api.key = admin;
        let mut other = open(&running, "", "").await;
        running.api.revoke(id).await;
        while watched
            .chunk()
            .await
            .is_some_and(|chunk| !chunk.contains("after the revocation"))
        {}
        say(&running.api, "after.the.revocation").await;
        assert!(!other.events().await.is_empty(), "other streams go on");
        running.tell();
        while other.chunk().await.is_some() {}
        assert!(other.is_closed().await);
        running.stopped().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn streams_are_bounded_and_begin_where_they_are_told() {
    let api = Api::with(
        On::Sqlite,
        Settings {
            streams_max: 0,
            ..Settings::default()
        },
    )
    .await;
    let got = api.get("/v1/activity/stream").await;
    got.assert_problem(503, "too_many_streams", None);
    assert_eq!(got.header("retry-after"), "5");
    api.get("/v1/activity/stream?after=x")
        .await
        .assert_problem(400, "invalid_field", Some("after"));
    let request = api
        .request("GET", "/v1/activity/stream")
        .header("last-event-id", "-1");
    let got = api.send(request.body(axum::body::Body::empty()).unwrap()).await;
    got.assert_problem(400, "invalid_field", Some("Last-Event-ID"));
}
