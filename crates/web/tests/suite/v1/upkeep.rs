//! `/v1/jobs`, `/v1/backups` and `/v1/status`

use domain::identity::{Role, Scope};
use domain::upkeep::Job;
use serde_json::{Value, json};

use crate::api::{Api, BOTH, On};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn state_jobs_and_backups_are_told() {
    for on in BOTH {
        let api = Api::new(on).await;
        let jobs = jobs::Jobs::new(api.engine.clone(), jobs::Settings::default());
        let got = api.call("POST", "/v1/jobs/expiry/run", json!({})).await;
        assert_eq!(got.status, 202, "{}", got.text());
        assert_eq!(got.json()["name"], "expiry");
        assert!(got.json()["asked_at"].is_string() && got.json()["started_at"].is_null());
        let entries = api.entries_from(api.size().await - 1).await;
        assert_eq!(entries[0]["action"], "job.run");
        assert_eq!(entries[0]["details"], json!({"job": "expiry"}));
        jobs.look().await.unwrap();
        jobs.settled().await;
        let listed = api.get("/v1/jobs").await.json();
        let names: Vec<_> = listed["jobs"]
            .as_array()
            .unwrap()
            .iter()
            .map(|job| &job["name"])
            .collect();
        assert_eq!(names, Job::WORDS.iter().collect::<Vec<_>>());
        let expiry = &listed["jobs"][5];
        assert_eq!(
            (&expiry["outcome"], &expiry["figure"]),
            (&json!("succeeded"), &json!(0))
        );
        assert_eq!(api.get("/v1/backups").await.json(), json!({"backups": null}));
        let status = api.get("/v1/status").await.json();
        assert_eq!(
            (&status["healthy"], &status["leads"]),
            (&json!(true), &json!(false)),
            "{status}"
        );
        assert_eq!(status["log"]["size"], api.size().await);
        assert_eq!(status["migrations"]["applied"], status["migrations"]["known"]);
        assert_eq!(
            (&status["backups"], &status["certificate"]),
            (&json!(null), &json!(null))
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_may_look_and_who_may_ask() {
    let api = Api::new(On::Sqlite).await;
    for (role, scope, reads, runs) in [
        (Role::SRE, Scope::Admin, 200, 202),
        (Role::SRE, Scope::Read, 200, 403),
        (Role::AUDITOR, Scope::Read, 200, 403),
        (Role::VIEWER, Scope::Admin, 403, 403),
    ] {
        let name = format!("{role}-{}", scope.as_str());
        api.new_user(&name, role).await;
        let key = api.new_key(&name, &[scope]).await.0;
        for path in ["/v1/jobs", "/v1/backups", "/v1/status"] {
            let got = api.call_as(&key, "GET", path, &Value::Null).await;
            assert_eq!(got.status, reads, "{name} {path}: {}", got.text());
        }
        let got = api.call_as(&key, "POST", "/v1/jobs/verify/run", &json!({})).await;
        assert_eq!(got.status, runs, "{name}: {}", got.text());
    }
    api.call("POST", "/v1/jobs/restore/run", json!({}))
        .await
        .assert_problem(404, "unknown_job", Some("job"));
}
