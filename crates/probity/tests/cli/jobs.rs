//! Jobs, as somebody who operates a server sees them.

use std::time::{Duration, Instant};

use serde_json::Value;

use crate::harness::{Place, on_both, sqlite};
use crate::server::Server;

const JOBS: [&str; 6] = [
    "backup",
    "prune",
    "verify-backup",
    "retention",
    "verify",
    "expiry",
];

/// A job of a list.
fn of(listed: &Value, name: &str) -> Value {
    let jobs = listed["jobs"].as_array().unwrap();
    jobs.iter().find(|job| job["name"] == name).unwrap().clone()
}

/// A place whose backups go into a folder of it.
fn with_backups(place: &Place) {
    place.run(&["init"]).expect(0);
    let text = format!(
        "audit.retention_days = 30\n[backup]\npath = \"{}\"\n",
        place.path("backups").display()
    );
    std::fs::write(place.path("data/development.toml"), text).unwrap();
}

fn body(answer: &str) -> Value {
    serde_json::from_str(answer.split("\r\n\r\n").nth(1).unwrap()).unwrap()
}

#[test]
fn a_job_runs_here_and_now_and_is_told() {
    on_both(|place| {
        place.run(&["init"]).expect(0);
        let listed = place.json(&["job", "list"]);
        let names: Vec<_> = listed["jobs"]
            .as_array()
            .unwrap()
            .iter()
            .map(|job| job["name"].clone())
            .collect();
        assert_eq!(names, JOBS);
        assert_eq!(of(&listed, "backup")["not_scheduled"], "backup.path is not set");
        assert_eq!(of(&listed, "verify")["within_h"], 24);
        // Without a place there is no backup, and that is an entry too.
        let failed = place.run(&["job", "run", "backup"]).expect(1);
        assert!(failed.out.contains("backup.path is not set"), "{}", failed.out);

        with_backups(place);
        assert_eq!(
            of(&place.json(&["job", "list"]), "backup")["schedule"],
            "0 2 * * *"
        );
        for job in JOBS {
            let ran = place.json(&["job", "run", job]);
            assert_eq!(
                (&ran["succeeded"], &ran["error"]),
                (&true.into(), &Value::Null),
                "{job}: {ran}"
            );
            let listed = of(&place.json(&["job", "list"]), job);
            assert_eq!(listed["outcome"], "succeeded", "{listed}");
            assert!(
                listed["next_at"].is_string() && listed["seconds"].is_f64(),
                "{listed}"
            );
        }
        assert_eq!(of(&place.json(&["job", "list"]), "backup")["failures"], 1);
        let recorded = place.json(&["audit", "list", "--action", "backup.create"]);
        let outcomes: Vec<_> = recorded["entries"]
            .as_array()
            .unwrap()
            .iter()
            .map(|entry| entry["outcome"].clone())
            .collect();
        assert_eq!(outcomes, ["success", "failed"]);
        let shown = place.narrow(&["job", "list"]);
        assert!(
            shown.contains("verify-backup") && shown.contains("0 4 * * *"),
            "{shown}"
        );
        let status = place.json(&["status"]);
        assert_eq!(of(&status, "verify")["figure"], 0);
        place.run(&["audit", "verify"]).expect(0);
    });
}

/// The names of an object's members, and of those of their own.
fn members(value: &Value) -> Vec<String> {
    let Some(object) = value.as_object() else {
        return Vec::new();
    };
    let with_own = |(name, value): (&String, &Value)| {
        let own = members(value).into_iter().map(move |own| format!("{name}.{own}"));
        std::iter::once(name.clone()).chain(own).collect::<Vec<_>>()
    };
    object.iter().flat_map(with_own).collect()
}

#[test]
fn a_server_runs_what_is_asked_for_and_tells_of_it() {
    on_both(|place| {
        with_backups(place);
        let made = place.json(&[
            "key", "create", "--name", "ops", "--scopes", "admin", "--user", "admin",
        ]);
        let header = format!("Authorization: Bearer {}\r\n", made["key"].as_str().unwrap());
        let server = Server::start(place, &[]);
        let answer = server.post("/v1/jobs/backup/run", &header, "");
        assert!(answer.starts_with("HTTP/1.1 202"), "{answer}");
        let until = Instant::now() + Duration::from_mins(2);
        let done = loop {
            let job = of(&body(&server.get("/v1/jobs", &header)), "backup");
            if job["outcome"] == "succeeded" {
                break job;
            }
            assert!(Instant::now() < until, "{job}");
            std::thread::yield_now();
        };
        let metrics = server.get("/metrics", &header);
        assert!(metrics.contains("probity_leader 1"), "{metrics}");
        let backups = body(&server.get("/v1/backups", &header));
        assert_eq!(backups["backups"][0]["bytes"], done["figure"]);
        let status = body(&server.get("/v1/status", &header));
        assert_eq!(
            (&status["leads"], &status["backups"]["count"]),
            (&true.into(), &1.into()),
            "{status}"
        );
        // The command says it in the same words.
        let told = place.json(&["status"]);
        assert_eq!(
            (told["leads"].as_bool(), members(&told)),
            (Some(false), members(&status))
        );
        assert_eq!(
            (&told["log"], &told["database"], &told["backups"]),
            (&status["log"], &status["database"], &status["backups"])
        );
        let asked = place.json(&["audit", "list", "--action", "job.run"]);
        assert_eq!(asked["entries"][0]["details"]["job"], "backup");
        assert_eq!(server.stop("-TERM").0, Some(0));
    });
}

#[test]
fn a_wrong_time_or_zone_is_named() {
    let place = sqlite();
    for (variable, value, expected) in [
        ("PROBITY_JOBS_BACKUP", "0 2 * *", "jobs.backup"),
        ("PROBITY_JOBS_ZONE", "Europe/Atlantis", "jobs.zone"),
    ] {
        let mut command = place.command(&["config"]);
        command.env(variable, value);
        let ran = crate::harness::run(command, "").expect(2);
        assert!(
            ran.err.contains(expected) && ran.err.contains(variable),
            "{}",
            ran.err
        );
    }
    let mut command = place.command(&["--output", "json", "job", "list"]);
    place.run(&["init"]).expect(0);
    command.env("PROBITY_JOBS_EXPIRY", "never");
    let listed = crate::harness::run(command, "").expect(0).json();
    assert_eq!(of(&listed, "expiry")["not_scheduled"], "no time is set");
}
