//! `/metrics`

use domain::identity::Role;
use serde_json::{Value, json};

use crate::api::{Api, BOTH, On};

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
            "probity_writer_shared 0".to_owned(),
            "probity_batches_moved_total 0".to_owned(),
        ] {
            assert!(
                got.text().lines().any(|found| found == line),
                "{line} is not in\n{}",
                got.text()
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_limits_refuse_is_counted_by_kind() {
    let options = engine::IdentityOptions {
        user_requests_per_minute: 1,
        ..engine::IdentityOptions::default()
    };
    let api = Api::identity(On::Sqlite, options).await;
    let number = async |series: &str| -> u64 {
        let got = api.get("/metrics").await;
        let mut values = got.text().lines().filter_map(|line| line.strip_prefix(series));
        values
            .next()
            .unwrap_or_else(|| panic!("no {series}"))
            .trim()
            .parse()
            .unwrap()
    };
    for kind in ["key", "user", "login_pair", "login_address", "login_account"] {
        let series = format!("probity_limit_refused_total{{kind=\"{kind}\"}}");
        assert_eq!(number(&series).await, 0, "{kind}");
    }
    let user = api.new_person("ann", Role::VIEWER).await;
    let session = api.new_session(user).await.0;
    // The minute may end in between, once.
    let mut refused = 0;
    for _ in 0..4 {
        let got = api.call_as(&session, "GET", "/v1/me", &Value::Null).await;
        refused += u64::from(got.status == 429);
    }
    assert!(refused >= 2);
    assert_eq!(
        number("probity_limit_refused_total{kind=\"user\"}").await,
        refused
    );
    assert_eq!(number("probity_limit_refused_total{kind=\"key\"}").await, 0);
    for _ in 0..11 {
        api.log_in("nobody", "wrong", json!({})).await;
    }
    assert_eq!(
        number("probity_limit_refused_total{kind=\"login_pair\"}").await,
        1
    );
    assert!(number("probity_limit_subjects").await >= 4);
    assert_eq!(number("probity_limit_displaced_total").await, 0);
    assert_eq!(number("probity_limit_uncounted_total").await, 0);
}

/// Each line is a comment or `name{labels} number`, and each metric is described before its first number.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_text_is_well_formed() {
    let api = Api::new(On::Sqlite).await;
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
