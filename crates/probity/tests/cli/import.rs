use std::fs;

use serde_json::json;

use crate::harness::{fixture, on_both};

#[test]
fn a_second_import_adds_nothing() {
    on_both(|place| {
        let file = fixture("cloudtrail.jsonl");
        let import = ["audit", "import", &file, "--format", "cloudtrail"];
        let first = place.json(&import);
        assert_eq!(
            (&first["lines"], &first["added"], &first["rejected"]),
            (&50.into(), &50.into(), &0.into()),
            "{first}"
        );
        let second = place.json(&import);
        assert_eq!(
            (&second["added"], &second["already_there"]),
            (&0.into(), &50.into()),
            "{second}"
        );
        let text = place.run(&import).expect(0).out;
        assert!(
            text.contains("Read           50 lines") && text.contains("Already there  50"),
            "{text}"
        );
        assert_eq!(place.json(&["status"])["log"]["size"], 51);
        place.run(&["audit", "verify"]).expect(0);
    });
}

#[test]
fn bad_lines_are_rejected_and_kept() {
    on_both(|place| {
        let good = fs::read_to_string(fixture("cloudtrail.jsonl")).unwrap();
        let good: Vec<&str> = good.lines().take(2).collect();
        fs::write(
            place.path("mixed.jsonl"),
            format!("{}\nnonsense\n\n{}\n[1]\n", good[0], good[1]),
        )
        .unwrap();
        let import = ["audit", "import", "mixed.jsonl", "--format", "cloudtrail"];
        let ran = place.run(&import).expect(1);
        assert!(
            ran.out.contains("Added          2") && ran.out.contains("Rejected       2"),
            "{}",
            ran.out
        );
        assert!(
            ran.out.contains("line 2: ") && ran.out.contains("mixed.jsonl.rejected"),
            "{}",
            ran.out
        );
        let kept = fs::read_to_string(place.path("mixed.jsonl.rejected")).unwrap();
        let mut lines: Vec<serde_json::Value> = kept
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        lines.sort_by_key(|line| line["line"].as_u64());
        assert_eq!(
            lines
                .iter()
                .map(|line| line["text"].as_str().unwrap())
                .collect::<Vec<_>>(),
            ["nonsense", "[1]"]
        );
        let mut json = vec!["--output", "json"];
        json.extend(import);
        assert_eq!(place.run(&json).expect(1).json()["rejected"], 2);
    });
}

#[test]
fn our_own_export_comes_back_with_its_ids() {
    on_both(|place| {
        let entry = place.append(&[
            "--actor",
            "user:alice",
            "--action",
            "order.create",
            "--details",
            r#"{"n":1.5}"#,
        ]);
        let line = place
            .run(&["audit", "export", "--action", "order.*"])
            .expect(0)
            .out;
        let second = crate::harness::sqlite();
        second.run(&["init"]).expect(0);
        let import = ["--output", "json", "audit", "import", "-", "--format", "jsonl"];
        let report = second.run_with(&import, &line).expect(0).json();
        assert_eq!(report["added"], 1);
        let found = second.json(&["audit", "show", entry["id"].as_str().unwrap()]);
        assert_eq!(
            (&found["actor"]["id"], &found["details"]["n"]),
            (&"alice".into(), &1.5.into()),
            "{found}"
        );
    });
}

#[test]
fn an_aim_drag_log_needs_no_mapping_file() {
    on_both(|place| {
        let line = |number: u32| {
            format!(
                r#"{{"timestamp":"2025-06-24T08:30:0{number}.5","user_id":"ann","action":"workflow_execute","workflow_name":"triage","drag_mode":"GRUNT","mission":"Find out","success":{},"integrity_hash":"9f86"}}"#,
                number == 1
            )
        };
        let lines = format!(
            "{}\n{}\n{{\"timestamp\":\"soon\",\"action\":\"a\"}}\n",
            line(1),
            line(2)
        );
        let import = ["audit", "import", "-", "--map", "aim-drag"];
        place.run_with(&import, &lines).expect(1);
        let found = place.json(&["audit", "list", "--actor", "ann"]);
        let entries = found["entries"].as_array().unwrap();
        assert_eq!(entries.len(), 2, "{found}");
        assert_eq!(
            (&entries[0]["outcome"], &entries[1]["outcome"]),
            (&json!("failed"), &json!("success"))
        );
        let entry = &entries[1];
        assert_eq!(
            (
                &entry["occurred_at"],
                &entry["drag_mode"],
                &entry["aim"]["mission"],
                &entry["details"]["integrity_hash"]
            ),
            (
                &json!("2025-06-24T08:30:01.500000Z"),
                &json!("grunt"),
                &json!("Find out"),
                &json!("9f86")
            )
        );
        // A second import adds nothing.
        place.run_with(&import, &lines).expect(1);
        assert_eq!(
            place.json(&["audit", "list", "--actor", "ann"])["entries"],
            found["entries"]
        );
    });
}

#[test]
fn a_mapping_takes_any_log() {
    on_both(|place| {
        fs::write(
            place.path("map.toml"),
            "actor_id = \"/who\"\naction = \"/what\"\n",
        )
        .unwrap();
        let lines = "{\"who\":\"bob\",\"what\":\"door.open\"}\n{\"who\":\"eve\",\"what\":\"door.open\"}\n";
        let import = ["audit", "import", "-", "--format", "jsonl", "--map", "map.toml"];
        place.run_with(&import, lines).expect(0);
        let found = place.json(&["audit", "list", "--actor", "eve"]);
        assert_eq!(found["entries"][0]["action"], "door.open", "{found}");

        fs::write(place.path("map.toml"), "action = \"/what\"\nactorid = \"/who\"\n").unwrap();
        let ran = place.run_with(&import, lines).expect(2);
        assert!(
            ran.err.contains("map.toml") && ran.err.contains("actorid"),
            "{}",
            ran.err
        );
        place
            .run(&["audit", "import", "missing.jsonl", "--format", "jsonl"])
            .expect(2);
        place
            .run(&["audit", "import", "data", "--format", "jsonl"])
            .expect(2);
    });
}
