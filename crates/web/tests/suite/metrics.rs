//! `/metrics`

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use domain::identity::Role;
use serde_json::{Value, json};
use web::{Settings, Tls};

use crate::api::{Api, BOTH, On};
use crate::tls::put;

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
    let mut described = BTreeSet::new();
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

/// What is said of a metric.
#[derive(Debug, Default, PartialEq)]
struct Said {
    kind: String,
    /// None while it has no number.
    labels: Option<BTreeSet<String>>,
    says: String,
}

/// The metrics of a text, by name.
fn answered(text: &str) -> BTreeMap<String, Said> {
    let mut found: BTreeMap<String, Said> = BTreeMap::new();
    for line in text.lines() {
        if let Some(described) = line.strip_prefix("# ") {
            let mut words = described.splitn(3, ' ').map(str::to_owned);
            let [what, name, rest] = std::array::from_fn(|_| words.next().unwrap());
            let said = found.entry(name).or_default();
            if what == "TYPE" {
                said.kind = rest;
            } else {
                said.says = rest;
            }
            continue;
        }
        let series = line.rsplit_once(' ').unwrap().0;
        let (name, labels) = series.split_once('{').unwrap_or((series, ""));
        let mut ends = ["_bucket", "_sum", "_count"].iter();
        let of_histogram =
            ends.find_map(|end| name.strip_suffix(end).filter(|name| found.contains_key(*name)));
        let said = found.get_mut(of_histogram.unwrap_or(name)).unwrap();
        let labels = labels
            .split("\",")
            .filter_map(|label| Some(label.split_once('=')?.0));
        let known = said.labels.get_or_insert_default();
        known.extend(labels.filter(|label| *label != "le").map(str::to_owned));
    }
    found
}

/// The metrics of the tables, by name, each with what it needs to be there.
fn documented() -> BTreeMap<String, (&'static str, Said)> {
    let rows = include_str!("../../../../docs/metrics.md").lines();
    let rows = rows.filter_map(|row| row.strip_prefix("| `")).map(|row| {
        let mut cells = row.split('|').map(|cell| cell.trim().trim_end_matches('`'));
        let [metric, kind, needs, says] = std::array::from_fn(|_| cells.next().unwrap());
        let (name, labels) = metric.split_once('{').unwrap_or((metric, ""));
        let labels = labels
            .trim_end_matches('}')
            .split(',')
            .filter(|label| !label.is_empty());
        let said = Said {
            kind: kind.to_owned(),
            labels: Some(labels.map(str::to_owned).collect()),
            says: says.to_owned(),
        };
        (name.to_owned(), (needs, said))
    });
    rows.collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_metric_is_in_the_table() {
    let (authority, dir) = (testkit::Authority::new(), testkit::temp_dir("metrics"));
    let [certificate, key] = put(dir.path(), &authority.signs(&["log.example"]));
    let tls = Settings {
        tls: Some(Tls::new(certificate, key).unwrap()),
        ..Settings::default()
    };
    let places: [(On, Settings, &[&str]); 2] = [
        (On::Sqlite, tls, &["SQLite", "TLS"]),
        (On::Postgres, Settings::default(), &[]),
    ];
    for (on, settings, has) in places {
        let api = Api::with(on, settings).await;
        let mut answered = answered(api.get("/metrics").await.text());
        for (name, (needs, documented)) in documented() {
            match answered.remove(&name) {
                Some(said) => {
                    let labels = said.labels.or_else(|| documented.labels.clone());
                    assert_eq!(Said { labels, ..said }, documented, "{on:?} {name}");
                }
                None => assert!(!needs.is_empty() && !has.contains(&needs), "{on:?}: no {name}"),
            }
        }
        assert_eq!(
            answered.into_keys().collect::<Vec<_>>(),
            [""; 0],
            "{on:?}: in no table"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_taken_of_the_machine_is_told() {
    for on in BOTH {
        let api = Api::new(on).await;
        let got = api.get("/metrics").await;
        let number = |name: &str| -> f64 {
            let mut values = got
                .text()
                .lines()
                .filter_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
            values
                .next()
                .unwrap_or_else(|| panic!("no {name}"))
                .parse()
                .unwrap()
        };
        let newest = store::migrate::MIGRATIONS.last().unwrap().version;
        assert!(
            got.text()
                .contains(&format!("\nprobity_schema_version {newest}\n"))
        );
        assert!(number("probity_database_size_bytes") > 100_000.0);
        assert!(number("probity_disk_free_bytes") <= number("probity_disk_size_bytes"));
        assert!(number("process_open_fds") < number("process_max_fds"));
        assert!(number("process_resident_memory_bytes") > 1_000_000.0);
        let started = UNIX_EPOCH + Duration::from_secs_f64(number("process_start_time_seconds"));
        // To a tick of the kernel's clock.
        let now = SystemTime::now() + Duration::from_secs(1);
        assert!(
            started < now && started > now - Duration::from_hours(24),
            "{started:?}"
        );
        let database = if on == On::Sqlite { "sqlite" } else { "postgres" };
        assert!(got.text().contains(&format!("database=\"{database}\"}} 1\n")));
    }
}
