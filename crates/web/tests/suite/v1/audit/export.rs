//! Exports.

use evidence::bundle::BundleChecker;
use evidence::entry::Entry;
use serde_json::{Value, json};
use web::Settings;

use crate::api::{Api, BOTH, On};

async fn filled(on: On, count: usize) -> Api {
    let api = Api::new(on).await;
    let events: Vec<Value> = (0..count)
        .map(|n| json!({"actor": {"kind": "user", "id": if n % 2 == 0 { "=1+1" } else { "b" }}, "action": "export.test", "description": format!("line {n},\n\"quoted\"")}))
        .collect();
    for chunk in events.chunks(1_000) {
        api.record(&json!(chunk)).await;
    }
    api
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_line_is_an_entry() {
    for on in BOTH {
        let api = filled(on, 1_100).await;
        let got = api.get("/v1/audit/export").await;
        assert!(got.complete);
        assert_eq!(got.header("content-type"), "application/jsonl");
        let name = format!("attachment; filename=\"entries-of-{}.jsonl\"", api.size().await);
        assert_eq!(got.header("content-disposition"), name);
        let entries: Vec<Entry> = got
            .text()
            .lines()
            .map(|line| evidence::entry::parse(line).unwrap())
            .collect();
        for entry in &entries {
            entry.check().unwrap();
        }
        let indexes: Vec<u64> = entries.iter().map(|entry| entry.index).collect();
        assert_eq!(indexes, (0..api.size().await).collect::<Vec<_>>());
        let got = api
            .get("/v1/audit/export?format=jsonl&actor=b&action=export.*")
            .await;
        assert_eq!(got.text().lines().count(), 550);
        let none = api.get("/v1/audit/export?actor=nobody").await;
        assert_eq!(
            (none.status.as_u16(), none.text(), none.complete),
            (200, "", true)
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_table_is_safe_to_open() {
    for on in BOTH {
        let api = filled(on, 2).await;
        let got = api.get("/v1/audit/export?format=csv&action=export.test").await;
        assert_eq!(got.header("content-type"), "text/csv; charset=utf-8");
        let lines: Vec<&str> = got.text().split_terminator("\r\n").collect();
        assert_eq!(lines.len(), 3);
        assert!(lines[0].starts_with("index,id,at,occurred_at,"));
        assert!(lines[1].contains(",user,'=1+1,"), "{}", lines[1]);
        assert!(lines[2].contains(",\"line 1,\n\"\"quoted\"\"\","), "{}", lines[2]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bundle_proves_itself() {
    for on in BOTH {
        let api = filled(on, 700).await;
        let got = api
            .get("/v1/audit/export?format=bundle&action=export.test&actor=b")
            .await;
        assert!(got.complete);
        let mut checker = BundleChecker::new(api.engine.verifier_key().clone());
        for line in got.text().lines() {
            checker.line(line).unwrap();
        }
        let summary = checker.finish().unwrap();
        assert_eq!(summary.entries, 350);
        let header: Value = serde_json::from_str(got.text().lines().next().unwrap()).unwrap();
        assert_eq!(header["filter"], json!({"action": "export.test", "actor": "b"}));
    }
}

/// What is exported of the log of then is the same later, and says of which log it is.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_export_is_of_the_log_at_a_size() {
    for on in BOTH {
        let api = filled(on, 5).await;
        let checkpoint = api.get("/v1/audit/checkpoint").await;
        let [size, root] = [1, 2].map(|line| checkpoint.text().lines().nth(line).unwrap().to_owned());
        let said = format!("size={size}, root=:{root}:");
        let mut before = Vec::new();
        for format in ["jsonl", "csv", "bundle"] {
            let got = api.get(&format!("/v1/audit/export?format={format}")).await;
            assert_eq!(got.header("probity-checkpoint"), said, "{format}");
            before.push(got);
        }
        api.record(&json!([{"actor": {"kind": "user"}, "action": "export.late"}]))
            .await;
        for (format, before) in ["jsonl", "csv", "bundle"].iter().zip(&before) {
            let path = format!("/v1/audit/export?format={format}&size={size}");
            let got = api.get(&path).await;
            for header in ["probity-checkpoint", "content-disposition"] {
                assert_eq!(got.header(header), before.header(header), "{format}");
            }
            if *format == "bundle" {
                // Its checkpoint is the newest, and it says that its entries end before that.
                let mut checker = BundleChecker::new(api.engine.verifier_key().clone());
                for line in got.text().lines() {
                    checker.line(line).unwrap();
                }
                let summary = checker.finish().unwrap();
                let entries = size.parse().unwrap();
                assert_eq!((summary.entries, summary.size), (entries, entries + 1));
                let header: Value = serde_json::from_str(got.text().lines().next().unwrap()).unwrap();
                assert_eq!(header["filter"], json!({"size": size}));
            } else {
                assert_eq!(got.text(), before.text(), "{format}");
            }
        }
        let empty = api.get("/v1/audit/export?size=0").await;
        assert_eq!((empty.status.as_u16(), empty.text()), (200, ""));
        let beyond = api.size().await + 1;
        api.get(&format!("/v1/audit/export?size={beyond}"))
            .await
            .assert_problem(400, "no_such_tree", Some("size"));
        api.get("/v1/audit/export?size=-1")
            .await
            .assert_problem(400, "invalid_field", Some("size"));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn exports_at_once_are_bounded() {
    let api = Api::with(
        On::Sqlite,
        Settings {
            exports_max: 0,
            ..Settings::default()
        },
    )
    .await;
    for format in ["jsonl", "csv", "bundle"] {
        let got = api.get(&format!("/v1/audit/export?format={format}")).await;
        got.assert_problem(503, "too_many_exports", None);
        assert_eq!(got.header("retry-after"), "5");
    }
    api.get("/v1/audit/export?format=xml")
        .await
        .assert_problem(400, "invalid_field", Some("format"));
    api.get("/v1/audit/export?limit=1")
        .await
        .assert_problem(400, "unknown_parameter", Some("limit"));
}

/// The permit of an export comes back when its reader has gone.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_export_that_nobody_reads_ends() {
    use http_body_util::BodyExt as _;
    use tower::ServiceExt as _;
    let api = Api::with(
        On::Sqlite,
        Settings {
            exports_max: 1,
            ..Settings::default()
        },
    )
    .await;
    for format in ["jsonl", "bundle"] {
        let request = api.request("GET", &format!("/v1/audit/export?format={format}"));
        let response = api
            .router
            .clone()
            .oneshot(request.body(axum::body::Body::empty()).unwrap())
            .await
            .unwrap();
        let mut body = response.into_body();
        let first = body.frame().await.unwrap().unwrap();
        assert!(!first.data_ref().unwrap().is_empty());
        drop(body);
        let mut tries = 0;
        while api.get("/v1/audit/export").await.status != 200 {
            tries += 1;
            assert!(tries < 200, "{format}: the permit did not come back");
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
    }
}
