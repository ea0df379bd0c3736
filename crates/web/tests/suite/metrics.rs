//! `/metrics`

use crate::api::{Api, BOTH};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn requests_and_entries_are_counted() {
    for on in BOTH {
        let api = Api::new(on).await;
        let before = api.size().await;
        for body in [
            r#"{"actor":{"kind":"user"},"action":"a"}"#,
            r#"{"actor":{"kind":"user"},"action":""}"#,
        ] {
            api.post("/v1/audit/entries", body).await;
        }
        let got = api.get("/metrics").await;
        assert_eq!(
            got.header("content-type"),
            "text/plain; version=0.0.4; charset=utf-8"
        );
        let labels = r#"route="/v1/audit/entries",method="POST""#;
        for line in [
            format!(r#"probity_http_requests_total{{{labels},status="2xx"}} 1"#),
            format!(r#"probity_http_requests_total{{{labels},status="4xx"}} 1"#),
            format!("probity_http_request_duration_seconds_count{{{labels}}} 2"),
            format!("probity_log_size {}", before + 1),
        ] {
            assert!(
                got.text().lines().any(|found| found == line),
                "{line} is not in\n{}",
                got.text()
            );
        }
    }
}

/// Each line is a comment or `name{labels} number`, and each metric is described before its first number.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_text_is_well_formed() {
    let api = Api::new(crate::api::On::Sqlite).await;
    let got = api.get("/metrics").await;
    let mut described = std::collections::BTreeSet::new();
    for line in got.text().lines() {
        if let Some(rest) = line.strip_prefix("# TYPE ") {
            assert!(
                described.insert(rest.split(' ').next().unwrap()),
                "{line} comes twice"
            );
        } else if !line.starts_with("# HELP ") {
            let (series, number) = line.rsplit_once(' ').unwrap();
            assert!(number.parse::<f64>().is_ok(), "{line}");
            let name = series.split('{').next().unwrap();
            let family = ["_bucket", "_sum", "_count"]
                .iter()
                .find_map(|suffix| name.strip_suffix(suffix));
            assert!(
                described.contains(name) || described.contains(family.unwrap_or(name)),
                "{line}"
            );
        }
    }
}
