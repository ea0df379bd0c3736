//! `/health/…`

use std::sync::{Arc, Mutex};
use std::time::Duration;

use engine::clock::{Clock, Reading};
use serde_json::json;

use crate::api::{Api, BOTH, On};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn alive_and_ready() {
    for on in BOTH {
        let api = Api::new(on).await;
        let live = api.get_open("/health/live").await;
        assert_eq!((live.status.as_u16(), live.json()), (200, json!({"live": true})));
        let ready = api.get_open("/health/ready").await;
        assert_eq!(
            (ready.status.as_u16(), ready.json()["ready"].clone()),
            (200, json!(true)),
            "{}",
            ready.text()
        );
        let checks = ready.json()["checks"].as_array().unwrap().clone();
        assert!(
            checks
                .iter()
                .all(|check| check["ok"] == true && check.get("detail").is_none()),
            "{checks:?}"
        );
        let names: Vec<_> = checks
            .iter()
            .map(|check| check["name"].as_str().unwrap())
            .collect();
        assert_eq!(names, ["database", "log", "writer", "storage", "clock"]);
    }
}

/// A clock that jumps is told in the metrics and in the readiness, which it does not take away.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clock_that_jumps_is_told() {
    for on in BOTH {
        let start = engine::now().plus_seconds(5);
        let hands = Arc::new(Mutex::new(Reading {
            wall: start,
            steady: Duration::ZERO,
        }));
        let shared = Arc::clone(&hands);
        let api = Api::clocked(on, Clock::of(move || *shared.lock().unwrap())).await;
        let told = async |line: &str| {
            let text = api.get("/metrics").await.text().to_owned();
            assert!(text.lines().any(|found| found == line), "{line}: {text}");
        };
        told("probity_clock_alarm{kind=\"jumped\"} 0").await;
        hands.lock().unwrap().wall = start.plus_seconds(-86_400);
        told("probity_clock_alarm{kind=\"jumped\"} 1").await;
        told("probity_clock_alarm{kind=\"behind\"} 0").await;
        told("probity_clock_jumps_total 1").await;
        let ready = api.get_open("/health/ready").await;
        assert_eq!(
            (ready.status.as_u16(), &ready.json()["ready"]),
            (200, &json!(true))
        );
        assert_eq!(ready.json()["checks"][4], json!({"name": "clock", "ok": false}));
        let body = json!({"actor": {"kind": "user"}, "action": "a"});
        let entry = api.call("POST", "/v1/audit/entries", body).await.json();
        assert_eq!(entry["at"], start.to_string(), "nothing is refused");
        hands.lock().unwrap().wall = start;
        told("probity_clock_alarm{kind=\"jumped\"} 0").await;
    }
}

/// Somebody with the database, and without the key, changes the head under the running server.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_changed_by_hand_is_read_and_not_written() {
    let number = |text: &str, series: &str| {
        let mut lines = text.lines();
        lines.any(|line| line == format!("{series} 1"))
    };
    for on in BOTH {
        let api = Api::new(on).await;
        let body = r#"{"actor":{"kind":"user"},"action":"a"}"#;
        assert_eq!(api.post("/v1/audit/entries", body).await.status, 201);
        let mut intruder = api.engine.db().writer().await.unwrap();
        let mut set = async |origin: &str| {
            let sql = format!("UPDATE log_head SET origin = {origin}");
            intruder.batch(&sql).await.unwrap();
        };
        set("'x' || origin").await;
        let got = api.post("/v1/audit/entries", body).await;
        got.assert_problem(503, "log_tampered", None);
        let ready = api.get_open("/health/ready").await;
        assert_eq!(ready.status, 503);
        let log = json!({"name": "log", "ok": false, "code": "log_tampered"});
        assert!(
            ready.json()["checks"].as_array().unwrap().contains(&log),
            "{}",
            ready.text()
        );
        assert!(number(api.get("/metrics").await.text(), "probity_log_tampered"));
        assert_eq!(api.get("/v1/audit/entries").await.status, 200);
        set("substr(origin, 2)").await;
        assert_eq!(api.post("/v1/audit/entries", body).await.status, 201);
        assert_eq!(api.get_open("/health/ready").await.status, 200);
        assert!(!number(api.get("/metrics").await.text(), "probity_log_tampered"));
    }
}

/// The tables are gone under the running server.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn not_ready_without_its_tables() {
    let mut api = Api::new(On::Postgres).await;
    assert_eq!(api.get("/v1/audit/checkpoint").await.status, 200);
    drop(api.schema.take());
    let ready = api.get_open("/health/ready").await;
    assert_eq!(
        (ready.status.as_u16(), ready.json()["ready"].clone()),
        (503, json!(false))
    );
    let failed: Vec<_> = ready.json()["checks"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|check| check["ok"] == false)
        .cloned()
        .collect();
    assert_eq!(failed, [json!({"name": "log", "ok": false})]);
    assert_eq!(api.get_open("/health/live").await.status, 200);
    let got = api.get_open("/log/checkpoint").await;
    got.assert_problem(500, "internal", None);
    assert!(
        !got.text().contains("PostgreSQL"),
        "details are for the log only: {}",
        got.text()
    );
}
