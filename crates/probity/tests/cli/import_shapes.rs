//! Files as people have them are read as they are.

use std::fs;
use std::io::Write as _;
use std::path::Path;

use serde_json::{Value, json};

use crate::harness::{Place, on_both, sqlite};

const MAP: &str = "action = \"/a\"\noccurred_at = \"/t\"\n";

fn events() -> Vec<Value> {
    (0..3)
        .map(|n| json!({"a": format!("door.{n}"), "t": format!("2026-03-01T09:00:0{n}Z"), "é": [{"x": "}"}]}))
        .collect()
}

fn packed(text: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

fn utf16(text: &str) -> Vec<u8> {
    let units = "\u{feff}".encode_utf16().chain(text.encode_utf16());
    units.flat_map(u16::to_le_bytes).collect()
}

/// A file's report, which must be without rejections.
fn import(place: &Place, name: &str, format: &[&str]) -> Value {
    let mut words = vec!["audit", "import", name];
    words.extend(format);
    let report = place.json(&words);
    assert_eq!(report["rejected"], 0, "{name}: {report}");
    report
}

#[test]
fn every_shape_is_read_as_it_is_and_is_the_same_log() {
    on_both(|place| {
        fs::write(place.path("map.toml"), MAP).unwrap();
        let events = events();
        let lines: Vec<String> = events.iter().map(Value::to_string).collect();
        let lines = lines.join("\n");
        let list = Value::from(events.clone());
        let pretty: Vec<String> = events
            .iter()
            .map(|event| serde_json::to_string_pretty(event).unwrap())
            .collect();
        let shapes: [(&str, Vec<u8>); 9] = [
            ("lines", lines.clone().into_bytes()),
            ("array", list.to_string().into_bytes()),
            (
                "indented array",
                serde_json::to_string_pretty(&list).unwrap().into_bytes(),
            ),
            ("indented", pretty.join("\n").into_bytes()),
            ("one after another", lines.replace('\n', "").into_bytes()),
            ("records", json!({"Records": list}).to_string().into_bytes()),
            ("gzip", packed(lines.as_bytes())),
            ("utf-16", utf16(&lines)),
            ("utf-8 with a mark", format!("\u{feff}{lines}").into_bytes()),
        ];
        for (number, (name, bytes)) in shapes.iter().enumerate() {
            fs::write(place.path(name), bytes).unwrap();
            let report = import(place, name, &["--format", "jsonl", "--map", "map.toml"]);
            let expected = if number == 0 { (3, 0) } else { (0, 3) };
            assert_eq!(
                (report["added"].as_u64(), report["already_there"].as_u64()),
                (Some(expected.0), Some(expected.1)),
                "{name}: {report}"
            );
            assert_eq!(
                report["ids"],
                json!({"own": 0, "content": 3, "place": 0}),
                "{name}"
            );
        }
    });
}

#[test]
fn the_built_in_formats_need_no_mapping() {
    on_both(|place| {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../engine/tests/fixtures");
        for (format, name, count, unknown) in [
            ("kubernetes", "kubernetes-audit.json", 4, "RequestReceived"),
            ("github", "github-audit.json", 6, "cancelled"),
            ("okta", "okta-system-log.json", 4, "CHALLENGE"),
            ("ocsf", "ocsf.jsonl", 5, "status_id 0"),
        ] {
            fs::copy(folder.join(name), place.path(name)).unwrap();
            let report = import(place, name, &["--format", format]);
            assert_eq!(
                (&report["added"], &report["unknown_outcomes"][unknown]),
                (&count.into(), &1.into())
            );
            let again = place
                .run(&["audit", "import", name, "--format", format])
                .expect(0)
                .out;
            assert!(again.contains(&format!("Already there  {count}")), "{again}");
            assert!(
                again.contains("Outcomes       1 unknown") && again.contains(unknown),
                "{again}"
            );
        }
        let map = ["audit", "import", "ocsf.jsonl", "--format", "ocsf", "--map", "x"];
        assert!(
            place
                .run(&map)
                .expect(2)
                .err
                .contains("--map goes with --format jsonl")
        );
    });
}

#[test]
fn what_does_not_fit_is_named_and_kept_in_a_file() {
    on_both(|place| {
        let event = json!({"action": "repo.create", "@timestamp": 1_772_355_600_123_i64, "config": "x".repeat(300_000)});
        fs::write(place.path("log"), format!("{event}\n")).unwrap();
        let import = ["audit", "import", "log", "--format", "github"];
        let ran = place.run(&import).expect(0);
        let told = "line 1: details/config does not fit: 300,002 bytes, SHA-256 ";
        assert!(
            ran.out.contains("Shortened      1") && ran.out.contains(told),
            "{}",
            ran.out
        );
        let kept = fs::read_to_string(place.path("log.shortened")).unwrap();
        let kept: Value = serde_json::from_str(&kept).unwrap();
        let found = place.json(&["audit", "show", kept["id"].as_str().unwrap()]);
        assert_eq!(
            found["details"]["config"]["_omitted_sha256"],
            kept["omitted"][0]["sha256"]
        );
    });
}

#[test]
fn a_rejected_line_is_mended_and_imported() {
    on_both(|place| {
        fs::write(place.path("map.toml"), MAP).unwrap();
        let text = "{\"a\":\"one\"}\n{\"a\":\"two\",\"t\":\"yesterday\"}\n";
        fs::write(place.path("log"), text).unwrap();
        let import = |name: &str, code: i32| {
            let words = [
                "--output", "json", "audit", "import", name, "--format", "jsonl", "--map", "map.toml",
            ];
            place.run(&words).expect(code).json()
        };
        assert_eq!(import("log", 1)["added"], 1);
        let rejected = fs::read_to_string(place.path("log.rejected")).unwrap();
        let mended = rejected.replace("yesterday", "2026-03-01T09:00:00Z");
        fs::write(place.path("log.rejected"), mended).unwrap();
        for added in [1, 0] {
            let report = import("log.rejected", 0);
            assert_eq!(
                (&report["lines"], &report["added"]),
                (&1.into(), &added.into()),
                "{report}"
            );
        }
    });
}

#[test]
fn equal_lines_of_two_files_are_two_events_and_the_summary_says_why() {
    on_both(|place| {
        fs::write(place.path("map.toml"), "action = \"/a\"\n").unwrap();
        fs::write(place.path("one"), "{\"a\":\"start\"}\n").unwrap();
        fs::write(place.path("two"), "{\"a\":\"start\"}\n{\"a\":\"stop\"}\n").unwrap();
        for (name, added) in [("one", 1), ("one", 0), ("two", 2), ("two", 0)] {
            let report = import(place, name, &["--format", "jsonl", "--map", "map.toml"]);
            assert_eq!(report["added"], added, "{name}: {report}");
        }
        let words = ["audit", "import", "two", "--format", "jsonl", "--map", "map.toml"];
        let out = place.run(&words).expect(0).out;
        assert!(out.contains("2 made from the file and the place in it"), "{out}");
    });
}

#[test]
fn an_export_that_comes_back_to_its_log_adds_nothing() {
    on_both(|place| {
        let large = json!({"k": "x".repeat(100_000)}).to_string();
        place.append(&[
            "--actor",
            "user:ann",
            "--action",
            "order.ship",
            "--details",
            &large,
        ]);
        place
            .run(&["audit", "export", "--to-file", "own.jsonl"])
            .expect(0);
        let size = &place.json(&["status"])["log"]["size"];
        let report = import(place, "own.jsonl", &["--format", "jsonl"]);
        assert_eq!(
            (&report["added"], &report["already_there"]),
            (&0.into(), size),
            "{report}"
        );
        assert_eq!(&place.json(&["status"])["log"]["size"], size);
        // Into another log it comes whole, and once.
        let other = sqlite();
        other.run(&["init"]).expect(0);
        fs::copy(place.path("own.jsonl"), other.path("own.jsonl")).unwrap();
        assert_eq!(
            &import(&other, "own.jsonl", &["--format", "jsonl"])["added"],
            size
        );
        assert_eq!(
            &import(&other, "own.jsonl", &["--format", "jsonl"])["already_there"],
            size
        );
    });
}

#[test]
fn explain_shows_how_a_line_would_be_mapped_and_records_nothing() {
    // It needs no database.
    let place = sqlite();
    fs::write(
        place.path("map.toml"),
        "action = \"/a\"\nactor_kind = \"=user\"\nactor_id = \"/who\"\noutcome = \"/o\"\n",
    )
    .unwrap();
    let text = "{\"a\":\"x\"}\n\n{\"a\":\"door open\",\"who\":7}\n{\"a\":\"y\",\"o\":\"maybe\"}\n";
    fs::write(place.path("log"), text).unwrap();
    let explain = |line: &'static str| {
        [
            "audit",
            "import",
            "log",
            "--format",
            "jsonl",
            "--map",
            "map.toml",
            "--explain",
            line,
        ]
    };
    let out = place.run(&explain("3")).expect(0).out;
    for expected in [
        "Line 3",
        "door_open",
        "<- /a",
        "<- =user",
        "<- /who",
        "made from the place of the line",
        "nothing was written",
    ] {
        assert!(out.contains(expected), "{expected}: {out}");
    }
    let mut words = vec!["--output", "json"];
    words.extend(explain("3"));
    let json = place.run(&words).expect(0).json();
    assert_eq!(json["fields"]["actor.id"], json!({"value": "7", "from": "/who"}));
    assert_eq!(
        (&json["id_made_from"], &json["rejected"]),
        (&"place".into(), &Value::Null)
    );
    let out = place.run(&explain("4")).expect(1).out;
    assert!(out.contains("It would be rejected: outcome: \"maybe\""), "{out}");
    assert!(
        place
            .run(&explain("2"))
            .expect(1)
            .err
            .contains("log has no line 2")
    );
    let stdin = ["audit", "import", "-", "--format", "github", "--explain", "1"];
    let ran = place
        .run_with(
            &stdin,
            "{\"action\":\"repo.create\",\"@timestamp\":1772355600123}",
        )
        .expect(0);
    assert!(
        ran.out.contains("2026-03-01T09:00:00.123000Z") && ran.out.contains("<- @timestamp"),
        "{}",
        ran.out
    );
    // What it says is what an import does.
    place.run(&["init"]).expect(0);
    let words = [
        "--output", "json", "audit", "import", "log", "--format", "jsonl", "--map", "map.toml",
    ];
    assert_eq!(place.run(&words).expect(1).json()["added"], 2);
    place.json(&["audit", "show", json["fields"]["id"]["value"].as_str().unwrap()]);
}
