//! The live feed, over real connections.

use std::time::Duration;

use domain::identity::Scope;
use serde_json::{Value, json};
use web::Settings;

use crate::api::{Api, BOTH, Got, On};
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

/// After the log was put back, a reader that goes on where it was would wait for ever.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_place_behind_the_end_of_the_log_is_refused_with_its_size() {
    for on in BOTH {
        let api = Api::new(on).await;
        say(&api, "some").await;
        let size = api.size().await;
        let refused = |got: &Got, field: &str| {
            got.assert_problem(409, "beyond_end", Some(field));
            assert_eq!(got.json()["size"], json!(size), "{}", got.text());
        };
        for index in [size, size + 1_000_000, u64::MAX >> 1] {
            let got = api.get(&format!("/v1/activity/stream?after={index}")).await;
            refused(&got, "after");
            // The header goes before the query.
            let request = api
                .request("GET", "/v1/activity/stream?after=0")
                .header("last-event-id", index);
            let got = api.send(request.body(axum::body::Body::empty()).unwrap()).await;
            refused(&got, "Last-Event-ID");
        }
        let request = api.request("GET", &format!("/v1/activity/stream?after={}", size - 1));
        let request = request.body(axum::body::Body::empty()).unwrap();
        let response = tower::ServiceExt::oneshot(api.router.clone(), request)
            .await
            .unwrap();
        assert_eq!(response.status(), 200, "the last entry is there");
    }
}

/// A list that was read in part goes on in the log that it began in.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cursor_behind_the_end_of_the_log_is_refused_with_its_size() {
    for on in BOTH {
        let (longer, shorter) = (Api::new(on).await, Api::new(on).await);
        for api in [&longer, &shorter] {
            crate::custody::asset(api).await;
            let ann = api.new_person("ann", domain::identity::Role::USER).await;
            crate::custody::deposit(api, &format!("user:{ann}"), "1").await;
        }
        for _ in 0..20 {
            say(&longer, "some").await;
        }
        for _ in 0..3 {
            crate::custody::deposit(&longer, "user:ann", "1").await;
        }
        let size = shorter.size().await;
        let balance = async |api: &Api| {
            let found = api.get("/v1/balances?user=ann").await.json();
            found["balances"][0]["id"].as_str().unwrap().to_owned()
        };
        let (of_longer, of_shorter) = (balance(&longer).await, balance(&shorter).await);
        for path in [
            "/v1/audit/entries?order=desc",
            "/v1/activity?kind=*",
            "/v1/operations?order=desc",
            "/v1/balances/{id}/statement?order=desc",
        ] {
            let of = |id: &str| format!("{}&limit=1", path.replace("{id}", id));
            let page = longer.get(&of(&of_longer)).await.json();
            let next = page["next"].as_str().unwrap_or_else(|| panic!("{path}: {page}"));
            let got = shorter.get(&format!("{}&cursor={next}", of(&of_shorter))).await;
            got.assert_problem(409, "beyond_end", Some("cursor"));
            assert_eq!(got.json()["size"], json!(size), "{}", got.text());
        }
    }
}

/// A log that is put back under a stream ends it, so that its reader comes again and is told.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_ends_when_its_log_was_put_back() {
    for on in BOTH {
        let settings = Settings {
            heartbeat: Duration::from_millis(50),
            ..Settings::default()
        };
        let running = Running::start(on, settings).await;
        let mut conn = running.api.engine.db().writer().await.unwrap();
        let before = store::Head::load(&mut conn).await.unwrap().unwrap();
        let last = say(&running.api, "forgotten").await;
        let mut client = open(&running, &format!("?after={}", last - 1), "").await;
        assert_eq!(client.events().await[0].id, last);
        before.update(&mut conn).await.unwrap();
        while client.chunk().await.is_some() {}
        let got = running
            .api
            .get(&format!("/v1/activity/stream?after={}", last + 1))
            .await;
        got.assert_problem(409, "beyond_end", Some("after"));
        assert_eq!(got.json()["size"], last);
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
