//! `/health/…`

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
        assert_eq!(names, ["database", "log", "writer"]);
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
