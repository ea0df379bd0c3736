//! Executions, their steps, and runs that are imported.

use std::fs;

use serde_json::json;

use crate::harness::on_both;

/// What an installation keeps of steps: what goes without saying, and what is set for single workflows.
#[test]
fn content_is_kept_as_the_settings_say() {
    on_both(|place| {
        fs::create_dir_all(place.path("config")).unwrap();
        let settings = "[workflows]\ncontent = \"none\"\n[workflows.content_of]\ntriage = \"digest\"\nnotes = \"full\"\n";
        fs::write(place.path("config/development.toml"), settings).unwrap();
        for (workflow, kept, holds) in [
            ("triage", json!(null), json!(true)),
            ("notes", json!({"logins": 3}), json!(true)),
            ("other", json!(null), json!(null)),
        ] {
            let started = place.json(&["workflow", "start", workflow, "admin"]);
            let id = started["id"].as_str().unwrap();
            let out = r#"{"logins":3}"#;
            let made = place.json(&[
                "step", "record", id, "--kind", "tool", "--name", "x", "--out", out,
            ]);
            let step = made["steps"][0]["id"].as_str().unwrap();
            assert_eq!(place.json(&["step", "show", step])["output"], kept, "{workflow}");
            let other = place.run(&["step", "check", step, "--out", "4"]);
            other.expect(1);
            let checked = place.run(&["step", "check", step, "--out", out, "--output", "json"]);
            let checked = checked.expect(i32::from(holds != json!(true)));
            let checked: serde_json::Value = serde_json::from_str(&checked.out).unwrap();
            assert_eq!(checked["output"], holds, "{workflow}");
        }
        place.run(&["audit", "verify"]).expect(0);
        // What could be read from the database by hand is not there either.
        let export = place.run(&["audit", "export"]).expect(0).out;
        assert!(!export.contains("logins"), "{export}");
    });
}

/// Runs of agents come in once, as executions with a step for each call of a tool.
#[test]
fn runs_are_imported_once() {
    on_both(|place| {
        let file = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../engine/tests/fixtures/chat-runs.jsonl"
        );
        let import = [
            "workflow",
            "import",
            file,
            "--format",
            "chat-jsonl",
            "--workflow",
            "airline",
            "--user",
            "admin",
        ];
        let first = place.run(&import).expect(0);
        let added = "Added          3 executions with ";
        assert!(
            first.out.contains(added) && first.out.contains(" and 3 rewards\n"),
            "{first:#?}"
        );
        let all = place.json(&["workflow", "list"]);
        let executions = all["executions"].as_array().unwrap();
        assert_eq!(executions.len(), 3);
        let steps: u64 = executions
            .iter()
            .map(|shown| shown["step_count"].as_u64().unwrap())
            .sum();
        let text = fs::read_to_string(file).unwrap();
        let runs = text
            .lines()
            .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
        let calls = runs.flat_map(|run| run["traj"].as_array().unwrap().clone());
        let calls: usize = calls
            .map(|message| message["tool_calls"].as_array().map_or(0, Vec::len))
            .sum();
        assert!(calls > 0);
        assert_eq!(usize::try_from(steps).unwrap(), calls);
        assert!(first.out.contains(&format!("with {calls} steps")), "{first:#?}");
        let size = place.json(&["status"])["log"]["size"].clone();
        let again = place.run(&import).expect(0);
        assert!(
            again
                .out
                .contains("Added          0 executions with 0 steps and 0 rewards\nAlready there  3\n"),
            "{again:#?}"
        );
        assert_eq!(
            place.json(&["status"])["log"]["size"],
            size,
            "a second import changes nothing"
        );
        place.run(&["audit", "verify"]).expect(0);
    });
}

/// The four views are no wider than a terminal, with a long name and a rate that has no end.
#[test]
fn views_of_governance_fit_a_terminal() {
    on_both(|place| {
        place.run(&["init"]).expect(0);
        let name = "somebody-with-a-name-that-is-long";
        place.run(&["user", "create", name, "--role", "user"]).expect(0);
        let started = |workflow: &str| {
            let made = place.json(&["workflow", "start", workflow, name, "--drag-mode", "analysis"]);
            made["id"].as_str().unwrap().to_owned()
        };
        place.run(&["workflow", "complete", &started("triage")]).expect(0);
        for _ in 0..2 {
            place.run(&["workflow", "cancel", &started("triage")]).expect(0);
        }
        started("a-workflow-with-a-name-that-is-long");
        let day = &place.json(&["governance", "users"])["users"][0]["last_day"];
        let day = day.as_str().unwrap()[..10].to_owned();
        let text = place.narrow(&["governance", "users"]);
        let words: Vec<&str> = text.lines().nth(1).unwrap().split_whitespace().collect();
        let told = ["4", "1", "1", "0", "2", "0.333", &day];
        assert!(words[0].starts_with("somebody") && words[1..] == told, "{text}");
        for view in ["recent", "workflows", "drag-modes"] {
            place.narrow(&["governance", view]);
        }
    });
}

/// What is not taken is kept beside the file, and comes in from there once it is mended.
#[test]
fn rejected_runs_are_kept_and_come_back() {
    on_both(|place| {
        let good = r#"{"messages":[],"reward":1}"#;
        fs::write(
            place.path("runs.jsonl"),
            format!("{good}\n{{\"messages\":[],\"reward\":\"high\"}}\nno json\n"),
        )
        .unwrap();
        let import = |file, code, added: u64, rejected: u64| {
            let words = "--format chat-jsonl --workflow w --user admin --output json".split(' ');
            let words: Vec<&str> = ["workflow", "import", file].into_iter().chain(words).collect();
            let report = place.run(&words).expect(code).json();
            let (steps, rewards) = (&report["steps"], &report["rewards"]);
            let counts = [&report["added"], &report["rejected"], steps, rewards];
            assert_eq!(
                counts,
                [added, rejected, 0, added].map(|count| json!(count)).each_ref()
            );
            report
        };
        let report = import("runs.jsonl", 1, 1, 2);
        assert_eq!(report["rejected_file"], "runs.jsonl.rejected");
        let kept = fs::read_to_string(place.path("runs.jsonl.rejected")).unwrap();
        let mut kept: Vec<serde_json::Value> = kept
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        assert_eq!((&kept[0]["line"], &kept[1]["line"]), (&json!(2), &json!(3)));
        assert_eq!(kept[1]["text"], "no json");
        assert!(
            kept[0]["reason"].as_str().unwrap().starts_with("reward: "),
            "{kept:?}"
        );
        kept[0]["text"] = r#"{"messages":[],"reward":2}"#.into();
        fs::write(place.path("mended.jsonl"), format!("{}\n{}\n", kept[0], kept[1])).unwrap();
        import("mended.jsonl", 1, 1, 1);
        let report = import("mended.jsonl", 1, 0, 1);
        assert_eq!(report["already_there"], 1);
        let ran = place.run(&[
            "workflow",
            "import",
            "runs.jsonl",
            "--format",
            "chat-jsonl",
            "--workflow",
            "w",
            "--user",
            "admin",
        ]);
        let said = ran.expect(1).out;
        assert!(
            said.contains("Rejected       2") && said.contains("runs.jsonl.rejected."),
            "{said}"
        );
    });
}

/// An execution says the agent that it is named with, and a wrong one is refused.
#[test]
fn an_execution_is_started_with_an_agent() {
    on_both(|place| {
        let made = place.json(&["agent", "create", "triage", "--release", "2.1.0"]);
        for agent in ["triage", made["id"].as_str().unwrap()] {
            let started = place.json(&["workflow", "start", "w", "admin", "--agent", agent]);
            assert_eq!(started["agent"], made["id"], "{agent}");
            let shown = place.json(&["workflow", "show", started["id"].as_str().unwrap()]);
            assert_eq!(shown["agent"], made["id"], "{agent}");
        }
        let start = |agent| ["workflow", "start", "w", "admin", "--agent", agent];
        assert_eq!(place.refused(1, &start("nobody"))["code"], "unknown_agent");
        place.run(&["agent", "disable", "triage"]).expect(0);
        assert_eq!(place.refused(1, &start("triage"))["code"], "agent_disabled");
    });
}

/// A count that was changed by hand is named, with all that is to be seen within 80 columns.
#[test]
fn a_wrong_count_of_steps_is_named_within_80_columns() {
    on_both(|place| {
        let started = place.json(&["workflow", "start", "w", "admin"]);
        let id = started["id"].as_str().unwrap();
        place
            .run(&["step", "record", id, "--kind", "tool", "--name", "x"])
            .expect(0);
        place.by_hand("UPDATE executions SET steps = 5");
        let said = place.run(&["audit", "verify"]).expect(1).out;
        let words: Vec<&str> = said.split_whitespace().collect();
        let expected = "says that it has 5 steps, and 1 are there: look at number 1";
        assert!(words.join(" ").contains(expected), "{said}");
        for line in said.lines() {
            assert!(line.chars().count() <= 80, "{line}");
        }
    });
}

/// A server does not start with prices that it cannot read, and says where they are wrong.
#[test]
fn a_server_does_not_start_with_wrong_prices() {
    on_both(|place| {
        let prices = "[[price]]\nprovider = \"p\"\nmodel = \"m\"\ninput = \"-3\"\noutput = \"15\"\n";
        fs::write(place.path("prices.toml"), prices).unwrap();
        fs::create_dir_all(place.path("config")).unwrap();
        let settings = "[governance]\nprices = \"prices.toml\"\n";
        fs::write(place.path("config/development.toml"), settings).unwrap();
        let error = place.refused(2, &["serve", "--listen", "127.0.0.1:0"]);
        let message = error["message"].as_str().unwrap();
        let expected = "prices.toml: line 4: input must be a decimal number";
        assert!(
            message.contains("governance.prices") && message.contains(expected),
            "{error}"
        );
    });
}

/// What is wrong with a step is named by its field and bound, and what had been recorded is said to have been.
#[test]
fn steps_are_refused_and_replayed_by_name() {
    on_both(|place| {
        let started = place.json(&["workflow", "start", "w", "admin"]);
        let id = started["id"].as_str().unwrap();
        let step = |usage: &str| format!(r#"{{"id":"{id}","kind":"model","name":"m","usage":{usage}}}"#);
        let record = ["step", "record", id, "--json", "steps.json"];
        for wrong in [r#""7""#, "-1", "1.5", "1000000001"] {
            let text = format!("[{}]", step(&format!(r#"{{"cache_read":{wrong}}}"#)));
            fs::write(place.path("steps.json"), text).unwrap();
            let error = place.refused(1, &record);
            let said = error.to_string();
            assert!(said.contains("usage.cache_read"), "{wrong}: {said}");
            assert!(
                said.contains("an integer from 0 to 1000000000, or null"),
                "{wrong}: {said}"
            );
        }
        let good = step(r#"{"cache_read":1000000000,"input":null}"#);
        fs::write(place.path("steps.json"), format!("[{good},{good}]")).unwrap();
        let made = place.json(&record);
        let replayed = json!({"id": id, "number": 0, "replayed": true});
        assert_eq!(made["steps"], json!([{"id": id, "number": 0}, replayed]));
        assert_eq!(place.json(&record)["steps"], json!([replayed, replayed]));
    });
}
