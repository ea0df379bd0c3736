//! `/health/…`

use serde_json::json;

use crate::api::{Api, BOTH};

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
