//! What is wrong with a command is said in its own words, whatever the field is called over HTTP.

use std::fs;

use serde_json::json;

use crate::harness::on_both;

#[test]
fn messages_name_options() {
    on_both(|place| {
        let started = place.json(&["workflow", "start", "w", "admin"]);
        let id = started["id"].as_str().unwrap();
        let told = |args: &[&str], begins: &str, field: &str| {
            let error = place.refused(1, args);
            let message = error["message"].as_str().unwrap();
            assert!(message.starts_with(begins), "{args:?}: {message}");
            assert_eq!(error["field"], json!(field), "{args:?}");
        };
        let start = ["workflow", "start", "w", "admin"];
        let with = |args: &[&'static str], more: &[&'static str]| [args, more].concat();
        told(
            &with(&start, &["--lease", "9"]),
            "--lease must be 10 to 86400",
            "lease_s",
        );
        told(
            &with(&start, &["--trace", ""]),
            "--trace must be 1 to 64",
            "trace_id",
        );
        told(
            &with(&start, &["--actor", ""]),
            "--actor must be 1 to ",
            "aim.actor",
        );
        told(
            &with(&start, &["--mission", ""]),
            "--mission must be 1 to ",
            "aim.mission",
        );
        told(
            &["workflow", "start", "", "admin"],
            "WORKFLOW must be 1 to 200",
            "workflow",
        );
        told(
            &["conversation", "create", "admin", ""],
            "THREAD must be 1 to 256",
            "thread_id",
        );
        let step = ["step", "record", id, "--kind", "tool", "--name", ""];
        told(&step, "--name must be 1 to 200", "name");
        let late = ["--occurred-at", "2999-01-01"];
        let append = ["audit", "append", "--actor", "user:a", "--action", "a"];
        told(
            &with(&append, &late),
            "--occurred-at must not be later",
            "occurred_at",
        );
        let nobody = ["audit", "append", "--actor", "user:", "--action", "a"];
        told(&nobody, "--actor must be 1 to ", "actor.id");
        told(&["activity", "record", "", "d"], "TYPE must ", "type");
        told(
            &["metric", "record", "m", "1", "--at", "2999-01-01"],
            "--at must not be later",
            "at",
        );
        let figures = ["metric", "figures", "--name", "m", "--by", "hour"];
        told(&figures, "--since must be given with buckets", "from");
        // What a file holds has the names that it has there.
        fs::write(place.path("one.json"), r#"{"kind":"tool","name":""}"#).unwrap();
        told(
            &["step", "record", id, "--json", "one.json"],
            "name: must be",
            "name",
        );
        fs::write(place.path("list.json"), r#"[{"kind":"tool","name":""}]"#).unwrap();
        told(
            &["step", "record", id, "--json", "list.json"],
            "steps[0].name: must be",
            "steps[0].name",
        );
        fs::write(place.path("none.json"), "[]").unwrap();
        told(
            &["step", "record", id, "--json", "none.json"],
            "a request holds 1 to 1000 steps, not 0",
            "steps[0]",
        );
    });
}

#[test]
fn times_the_wrong_way_round_and_wrong_ids_are_refused() {
    on_both(|place| {
        let named = ["--since", "2026-11-22", "--until", "2026-11-21"];
        let told = "--since must not be after --until: 2026-11-22T00:00:00.000000Z is after 2026-11-21";
        for list in [
            "audit list",
            "audit export",
            "activity list",
            "workflow list",
            "metric list",
            "metric figures --name m",
            "governance recent",
            "governance workflows",
            "governance drag-modes",
            "governance users",
        ] {
            let words: Vec<&str> = list.split(' ').chain(named).collect();
            let error = place.refused(1, &words);
            assert!(
                error["message"].as_str().unwrap().starts_with(told),
                "{list}: {error}"
            );
        }
        let error = place.refused(1, &["operation", "statistics", "--from", "1h", "--to", "2h"]);
        let message = error["message"].as_str().unwrap();
        assert!(
            message.starts_with("--from must not be after --to: "),
            "{message}"
        );
        for args in [
            ["workflow", "show", "x"],
            ["workflow", "heartbeat", "x"],
            ["workflow", "list", "--parent=x"],
            ["key", "revoke", "x"],
        ] {
            let error = place.refused(2, &args);
            assert!(
                error.to_string().contains(domain::own_id::MUST),
                "{args:?}: {error}"
            );
        }
        let error = place.refused(2, &["workflow", "list", "--limit", "0"]);
        assert!(
            error.to_string().contains("must be a whole number from 1 on"),
            "{error}"
        );
    });
}

/// Tables of metrics are no wider than a terminal, and cut no number.
#[test]
fn tables_of_metrics_fit_a_terminal() {
    on_both(|place| {
        for value in ["120.5", "121.33333333"] {
            let record = [
                "metric",
                "record",
                "latency",
                value,
                "--unit",
                "ms",
                "--workflow",
                "triage",
            ];
            place.run(&record).expect(0);
        }
        assert!(place.narrow(&["metric", "list"]).contains("121.33333333"));
        let figures = [
            "metric", "figures", "--name", "latency", "--by", "hour", "--since", "1d",
        ];
        let said = place.run(&figures).expect(0).out;
        assert!(said.trim_end().ends_with("99: 121.33333333"), "{said}");
        assert!(said.contains("120.91666666500001"), "{said}");
    });
}
