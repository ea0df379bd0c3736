//! Numbers, times, ids and the clock on the command line.

use serde_json::json;

use crate::custody::{funded, id};
use crate::harness::on_both;

#[test]
fn numbers_that_are_not_exact_are_refused_by_name() {
    on_both(|place| {
        let size = place.json(&["status"])["log"]["size"].clone();
        for number in ["18446744073709551617", "9007199254740993.0", "1e-400", "1E400"] {
            let said = format!("number {number} is not exact");
            let append = ["--output", "json", "audit", "append", "--json", "-"];
            let event = format!(
                r#"{{"actor":{{"kind":"user"}},"action":"a","details":{{"a":[0,{{"n":{number}}}]}}}}"#
            );
            for (body, field) in [
                (event.clone(), "details.a[1].n"),
                (format!("[{event}]"), "[0].details.a[1].n"),
            ] {
                let error = place.run_with(&append, &body).expect(1).error();
                assert_eq!(
                    (&error["code"], &error["field"]),
                    (&"invalid_field".into(), &field.into())
                );
                assert!(error["message"].as_str().unwrap().contains(&said), "{error}");
            }
            let object = format!(r#"{{"n":{number}}}"#);
            for words in [
                vec![
                    "audit",
                    "append",
                    "--actor",
                    "user:a",
                    "--action",
                    "a",
                    "--details",
                    &object,
                ],
                vec![
                    "operation",
                    "transfer",
                    "user:a",
                    "user:b",
                    "1",
                    "--asset",
                    "BTC",
                    "--metadata",
                    &object,
                ],
                vec![
                    "approval",
                    "request",
                    "deploy",
                    "--arguments",
                    &object,
                    "--reason",
                    "r",
                ],
            ] {
                let ran = place.run(&words).expect(2);
                assert!(ran.err.contains(&said), "{words:?}: {}", ran.err);
            }
        }
        assert_eq!(place.json(&["status"])["log"]["size"], size, "nothing is written");
        let entry = place.append(&[
            "--actor",
            "user:a",
            "--action",
            "a",
            "--details",
            r#"{"n":[0.1,1.0,-0]}"#,
        ]);
        let shown = place.json(&["audit", "show", &entry["index"].to_string()]);
        assert_eq!(shown["details"], json!({"n": [0.1, 1, 0]}));
    });
}

#[test]
fn times_and_ids_are_taken_or_refused_with_their_reason() {
    on_both(|place| {
        for (time, reason) in [
            ("2026-11-21T08:30:00+24:00", "an offset is at most 23:59"),
            ("2026-11-21T08:30:00+0530", "a colon"),
            ("2026-11-21T08:30:00,5Z", "not a comma"),
            ("2026-11-21T10:00:60Z", "no leap second"),
        ] {
            for words in [
                ["audit", "list", "--from", time].as_slice(),
                &[
                    "audit",
                    "append",
                    "--actor",
                    "user:a",
                    "--action",
                    "a",
                    "--occurred-at",
                    time,
                ],
                &["operation", "statistics", "--to", time],
            ] {
                let ran = place.run(words).expect(2);
                assert!(ran.err.contains(reason), "{words:?}: {}", ran.err);
            }
        }
        let entry = place.append(&[
            "--actor",
            "user:a",
            "--action",
            "a",
            "--occurred-at",
            "2016-12-31t23:59:60.1234567890z",
        ]);
        let shown = place.json(&["audit", "show", &entry["index"].to_string()]);
        assert_eq!(shown["occurred_at"], "2016-12-31T23:59:59.999999Z");
        let all = place.json(&["audit", "list", "--to", "9999-12-31T23:59:59Z"]);
        assert!(all["entries"].as_array().unwrap().len() >= 2);

        funded(place, "1");
        let nil = "00000000-0000-0000-0000-000000000000";
        let max = "ffffffff-ffff-ffff-ffff-ffffffffffff";
        for no_id in [nil, max] {
            for words in [
                [
                    "audit", "append", "--actor", "user:a", "--action", "a", "--id", no_id,
                ]
                .as_slice(),
                &[
                    "operation",
                    "transfer",
                    "user:ann",
                    "user:bob",
                    "0.1",
                    "--asset",
                    "BTC",
                    "--id",
                    no_id,
                ],
                &[
                    "approval",
                    "request",
                    "deploy",
                    "--arguments",
                    "{}",
                    "--id",
                    no_id,
                ],
                &[
                    "asset", "create", "NEW", "--name", "New", "--scale", "2", "--id", no_id,
                ],
            ] {
                let error = place.refused(2, words);
                let message = error["message"].as_str().unwrap();
                assert!(
                    message.contains("--id") && message.contains("neither the nil nor the max one"),
                    "{words:?}: {message}"
                );
            }
        }
    });
}

#[test]
fn release_keeps_its_reason() {
    on_both(|place| {
        funded(place, "1");
        let hold = place.json(&[
            "operation",
            "transfer",
            "user:ann",
            "user:bob",
            "0.5",
            "--asset",
            "BTC",
            "--pending",
        ]);
        let released = place.json(&["operation", "release", id(&hold), "--reason", "sold out"]);
        assert_eq!(
            (&released["status"], &released["error"]),
            (&"cancelled".into(), &"sold out".into())
        );
    });
}

/// What a process that serves has left word of, since this one has not seen the clock jump.
#[test]
fn status_tells_of_a_clock_that_jumped() {
    on_both(|place| {
        let clock = |status: &serde_json::Value| {
            let checks = status["checks"].as_array().unwrap().clone();
            checks.into_iter().find(|check| check["name"] == "clock").unwrap()
        };
        assert_eq!(clock(&place.json(&["status"]))["ok"], true);
        let told = "process 7: the clock jumped ahead by 86400 s";
        std::fs::write(place.path("data/clock.alarm"), told).unwrap();
        let status = place.run(&["--output", "json", "status"]).expect(1).json();
        assert_eq!(status["healthy"], false);
        assert_eq!(
            clock(&status),
            json!({"name": "clock", "ok": false, "code": null, "detail": told})
        );
        let text = place.run(&["status"]).expect(1).out;
        assert!(text.contains("the clock jumped ahead by 86400 s"), "{text}");
    });
}
