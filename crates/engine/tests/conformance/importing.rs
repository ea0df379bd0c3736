//! Importing logs into a real one: our own export at its bounds, lines that come back, and which events are one.

use crate::on_both;

on_both!(
    whatever_was_accepted_is_exported_and_imported,
    an_export_that_comes_back_adds_nothing,
    rejected_lines_are_mended_and_imported,
    equal_lines_of_two_files_are_two_events,
    every_built_in_format_comes_in_whole_and_once,
    what_does_not_fit_is_replaced_and_told,
);

mod cases {
    use std::io::{Cursor, Write as _};
    use std::ops::ControlFlow;

    use domain::audit::erase::EraseEntries;
    use domain::audit::event::DETAILS_BYTES_MAX;
    use domain::audit::{EntryFilter, Event};
    use domain::identity::Role;
    use domain::{Command, Origin};
    use engine::Engine;
    use engine::import::{Format, ImportReport, Input, Mapping, Reports, import};
    use evidence::Entry;
    use proptest::prelude::*;
    use proptest::strategy::ValueTree as _;
    use proptest::test_runner::TestRunner;
    use serde_json::{Value, json};

    use crate::attacker::{assert_intact, close};
    use crate::support::{Bed, create_user, event, numbered, operator, record};

    async fn run(engine: &Engine, input: Input, format: Format) -> (ImportReport, String, Vec<Value>) {
        let (mut rejected, mut shortened) = (Vec::new(), Vec::new());
        let reports = Reports {
            rejected: &mut rejected,
            shortened: &mut shortened,
        };
        let report = import(engine, &operator(), input, format, reports, &mut |_| ())
            .await
            .unwrap();
        let shortened = String::from_utf8(shortened).unwrap();
        let shortened = shortened.lines().map(|line| serde_json::from_str(line).unwrap());
        (report, String::from_utf8(rejected).unwrap(), shortened.collect())
    }

    fn stream(text: &str) -> Input {
        Input::stream(Cursor::new(text.to_owned().into_bytes()))
    }

    fn counts(report: &ImportReport) -> (u64, u64, u64, u64) {
        (report.lines, report.added, report.already_there, report.rejected)
    }

    async fn entries(engine: &Engine) -> Vec<Entry> {
        let mut entries = Vec::new();
        let mut keep = |entry: Entry| {
            entry.check().unwrap();
            entries.push(entry);
            ControlFlow::Continue(())
        };
        engine.export(&EntryFilter::default(), &mut keep).await.unwrap();
        entries
    }

    async fn exported(engine: &Engine) -> String {
        let lines = entries(engine).await;
        let lines = lines
            .iter()
            .map(|entry| evidence::entry::to_line(entry).unwrap() + "\n");
        lines.collect()
    }

    fn nested(levels: usize) -> Value {
        (0..levels).fold(json!("v"), |inner, _| json!([inner]))
    }

    fn with_details(details: &Value) -> Event {
        event(
            &json!({"actor": {"kind": "user", "id": "u"}, "action": "at.the.bounds", "details": details})
                .to_string(),
        )
    }

    /// Entries at each bound, entries of the log's own commands, and a refusal.
    async fn fill(engine: &Engine) {
        let text = |bytes: usize| "x".repeat(bytes);
        let (long, id) = ("é".repeat(10_000), "é".repeat(1_024));
        let mut events = vec![
            with_details(&json!({"k": text(DETAILS_BYTES_MAX - 8)})),
            with_details(&json!({"k": text(262_000)})),
            with_details(&json!({"a": nested(31)})),
            with_details(&json!({"a": nested(30), "b": text(200_000)})),
            with_details(&json!({"_imported": {"mine": [1, {"x": nested(28)}]}, "z": 1})),
            with_details(&json!({"_imported": text(250_000)})),
            with_details(&json!({"n": [1e300, -0.5, 9_007_199_254_740_991_i64, 1e-7], "é\u{0}": "\u{0}\u{fffd}"})),
            event(&json!({
                "actor": {"kind": "agent", "id": id, "name": "é".repeat(256), "on_behalf_of": id},
                "action": text(128), "target": {"kind": text(64), "id": id}, "outcome": "failed",
                "description": long, "user_agent": long, "session_id": "s".repeat(256), "ip": "2001:db8::1",
                "trace_id": "4bf92f3577b34da6a3ce929d0e0e4736", "drag_mode": "grunt",
                "aim": {"actor": "a", "mission": long, "input": {"k": text(DETAILS_BYTES_MAX - 8)}},
                "occurred_at": "1970-01-01T00:00:00Z",
            }).to_string()),
        ];
        let mut runner = TestRunner::deterministic();
        for _ in 0..24 {
            events.push(with_details(&details().new_tree(&mut runner).unwrap().current()));
        }
        for event in events {
            record(engine, vec![event]).await.unwrap();
        }
        create_user(engine, "ann", Role::ADMIN).await.unwrap();
        create_user(engine, "ann", Role::ADMIN).await.unwrap_err();
    }

    /// Details of random sizes and depths up to their bounds.
    fn details() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            any::<i32>().prop_map(Value::from),
            any::<String>().prop_map(Value::from),
            (0_usize..60_000).prop_map(|length| Value::from("é".repeat(length))),
        ];
        let inner = (leaf, 0_usize..31).prop_map(|(leaf, levels)| {
            (0..levels).fold(leaf, |inner, level| {
                if level % 2 == 0 {
                    json!([inner])
                } else {
                    json!({"o": inner})
                }
            })
        });
        prop::collection::btree_map("[a-z_]{1,9}", inner, 0..3)
            .prop_map(|members| Value::Object(members.into_iter().collect()))
            .prop_filter("within the bound", |details| {
                evidence::json::canonical(details).len() <= DETAILS_BYTES_MAX
            })
    }

    pub async fn whatever_was_accepted_is_exported_and_imported(bed: Bed) {
        let from = bed.open().await;
        fill(&from).await;
        let mut export = exported(&from).await;
        let mut originals = entries(&from).await;
        let count = originals.len() as u64;
        assert!(count > 30);
        // Each generation comes in whole, and a second time nothing does; so does the export of what was imported.
        for generation in 0..3 {
            let other = Bed::new(bed.on);
            let to = other.open().await;
            let own = to.size().borrow().to_owned();
            let (report, rejected, _) = run(&to, stream(&export), Format::Jsonl(None)).await;
            let size = export.lines().count() as u64;
            assert_eq!(
                counts(&report),
                (size, size, 0, 0),
                "generation {generation}: {rejected}"
            );
            let (again, rejected, _) = run(&to, stream(&export), Format::Jsonl(None)).await;
            assert_eq!(counts(&again), (size, 0, size, 0), "{rejected}");
            let found = entries(&to).await;
            for (old, new) in originals.iter().zip(&found[usize::try_from(own).unwrap()..]) {
                assert_eq!(
                    (old.id, &old.actor, &old.action, &old.target),
                    (new.id, &new.actor, &new.action, &new.target)
                );
                assert_eq!(
                    (&old.description, old.outcome, &old.aim),
                    (&new.description, new.outcome, &new.aim)
                );
                let mut details = new.details.clone().unwrap().0;
                let imported = details.remove("_imported").unwrap();
                assert_eq!(imported["index"], old.index);
                assert_eq!(imported["evidence"]["leaf"], old.evidence.leaf);
                let mut before = old.details.clone().unwrap_or_default().0;
                before.remove("_imported");
                assert_eq!(details, before, "nothing of the details is lost");
            }
            export = exported(&to).await;
            originals = found;
            if generation == 0 {
                // Back into the log that it all comes from: only what the other log said itself is new there. Of one
                // entry something had to be shortened on the way, so that it is another one now.
                let (report, rejected, _) = run(&from, stream(&export), Format::Jsonl(None)).await;
                assert_eq!(counts(&report), (size + own, own, size - 1, 1), "{rejected}");
                assert!(rejected.contains("_omitted_bytes"), "{rejected}");
            }
            close(to).await;
            assert_intact(&other.options()).await;
        }
    }

    pub async fn an_export_that_comes_back_adds_nothing(bed: Bed) {
        let engine = bed.open().await;
        fill(&engine).await;
        record(&engine, vec![numbered(7)]).await.unwrap();
        let last = *engine.size().borrow() - 1;
        let before_erasing = exported(&engine).await;
        let erase = EraseEntries {
            entries: vec![last],
            reason: "as asked".to_owned(),
        };
        engine
            .submit(&operator(), Origin::default(), Command::EraseEntries(erase))
            .await
            .unwrap();
        let size = *engine.size().borrow();
        for export in [exported(&engine).await, before_erasing] {
            let lines = export.lines().count() as u64;
            let (report, rejected, _) = run(&engine, stream(&export), Format::Jsonl(None)).await;
            assert_eq!(counts(&report), (lines, 0, lines, 0), "{rejected}");
        }
        assert_eq!(*engine.size().borrow(), size, "not even a refusal");
        // What was changed in the export is no entry of this log.
        let export = exported(&engine)
            .await
            .replace("\"order.update\"", "\"order.change\"");
        let (report, rejected, _) = run(&engine, stream(&export), Format::Jsonl(None)).await;
        assert_eq!((report.added, report.rejected), (0, 1));
        assert!(
            rejected.contains("is there already with another action"),
            "{rejected}"
        );
    }

    fn mapping(text: &str) -> Format {
        Format::Jsonl(Some(Mapping::parse(text).unwrap()))
    }

    pub async fn rejected_lines_are_mended_and_imported(bed: Bed) {
        let engine = bed.open().await;
        let format = || mapping("action = \"/a\"\noutcome = \"/o\"");
        let text = "{\"a\":\"one\"}\n{\"a\":\"two\",\"o\":\"maybe\"}\n{\"a\":\n{\"a\":\"\\u00e9\u{e9}\",\"o\":7}\n{\"b\":1}";
        let mut bytes = text.as_bytes().to_vec();
        bytes.extend_from_slice(b"\n{\"a\":\"\xFF\"}\n");
        let input = Input::stream(Cursor::new(bytes));
        let (report, rejected, _) = run(&engine, input, format()).await;
        assert_eq!(counts(&report), (6, 1, 0, 5));
        // As it is, it is rejected once more, with the same bytes.
        let (report, again, _) = run(&engine, stream(&rejected), format()).await;
        assert_eq!(counts(&report), (5, 0, 0, 5));
        let texts = |report: &str| -> Vec<(Value, Value)> {
            let lines = report
                .lines()
                .map(|line| serde_json::from_str::<Value>(line).unwrap());
            lines
                .map(|line| (line["text"].clone(), line["base64"].clone()))
                .collect()
        };
        assert_eq!(texts(&again), texts(&rejected));
        // Some of it is mended, in the text or by putting the event itself there.
        let mended: Vec<String> = rejected
            .lines()
            .map(|line| {
                let mut line: Value = serde_json::from_str(line).unwrap();
                let text = line["text"].as_str().unwrap().to_owned();
                match line["line"].as_u64().unwrap() {
                    2 => line["text"] = text.replace("maybe", "refused").into(),
                    3 => line["text"] = json!({"a": "three"}),
                    6 => line["text"] = text.replace('\u{fffd}', "six").into(),
                    _ => {}
                }
                line.to_string()
            })
            .collect();
        let half = mended.join("\n");
        let (report, _, _) = run(&engine, stream(&half), format()).await;
        assert_eq!(counts(&report), (5, 3, 0, 2));
        let whole = half
            .replace("\\\"o\\\":7", "\\\"o\\\":\\\"failed\\\"")
            .replace("\\\"b\\\":1", "\\\"a\\\":\\\"five\\\"");
        for added in [2, 0] {
            let (report, rejected, _) = run(&engine, stream(&whole), format()).await;
            assert_eq!(counts(&report), (5, added, 5 - added, 0), "{rejected}");
        }
        let actions: Vec<_> = entries(&engine)
            .await
            .into_iter()
            .map(|entry| entry.action)
            .collect();
        for action in ["one", "two", "three", "__", "five", "six"] {
            assert_eq!(
                actions.iter().filter(|found| *found == action).count(),
                1,
                "{actions:?}"
            );
        }
    }

    pub async fn equal_lines_of_two_files_are_two_events(bed: Bed) {
        let engine = bed.open().await;
        let file = |name: &str, text: &str, pack: bool| {
            let path = bed.dir.path().join(name);
            if pack {
                let file = std::fs::File::create(&path).unwrap();
                let mut encoder = flate2::write::GzEncoder::new(file, flate2::Compression::fast());
                encoder.write_all(text.as_bytes()).unwrap();
                encoder.finish().unwrap();
            } else {
                std::fs::write(&path, text).unwrap();
            }
            Input::file(std::fs::File::open(path).unwrap())
        };
        let plain = || mapping("action = \"/a\"");
        let (first, second) = (
            "{\"a\":\"start\"}\n{\"a\":\"x\"}\n",
            "{\"a\":\"start\"}\n{\"a\":\"y\"}\n",
        );
        for (input, expected) in [
            (file("one", first, false), (2, 2, 0, 0)),
            (file("one", first, false), (2, 0, 2, 0)),
            (file("two", second, false), (2, 2, 0, 0)),
            // The same file under another name, or packed, is the same.
            (file("three", second, false), (2, 0, 2, 0)),
            (file("four.gz", second, true), (2, 0, 2, 0)),
        ] {
            let (report, _, _) = run(&engine, input, plain()).await;
            assert_eq!(counts(&report), expected);
            assert_eq!((report.identities.place, report.identities.content), (2, 0));
            assert_eq!(report.file_sha256.unwrap().len(), 64);
        }
        // A stream from its beginning is the same however far it goes.
        for (text, expected) in [
            (first.to_owned(), (2, 2, 0, 0)),
            (format!("{first}{second}"), (4, 2, 2, 0)),
            (second.to_owned(), (2, 1, 1, 0)),
        ] {
            let (report, _, _) = run(&engine, stream(&text), plain()).await;
            assert_eq!((counts(&report), report.file_sha256), (expected, None));
        }
        // With an id or a time, overlapping exports are one log.
        for (map, identities) in [
            ("action = \"=a\"\nid = \"/id\"", (2, 0)),
            ("action = \"=b\"\noccurred_at = \"/t\"", (0, 2)),
            ("action = \"=c\"\nid = \"/n\"", (0, 2)),
        ] {
            let line = |n: u32| {
                format!(
                    "{{\"id\":\"01893fc0-a490-7000-8000-0000000000{n:02}\",\"t\":\"2026-03-01T09:00:{n:02}Z\",\"n\":{n}}}\n"
                )
            };
            let texts = [line(11) + &line(12), line(12) + &line(13)];
            let (report, _, _) = run(&engine, file("five", &texts[0], false), mapping(map)).await;
            assert_eq!(report.added, 2, "{map}");
            let (report, _, _) = run(&engine, file("six", &texts[1], false), mapping(map)).await;
            assert_eq!((report.added, report.already_there), (1, 1), "{map}");
            assert_eq!(
                (report.identities.own, report.identities.content),
                identities,
                "{map}"
            );
        }
    }

    pub async fn every_built_in_format_comes_in_whole_and_once(bed: Bed) {
        let engine = bed.open().await;
        let files: [(Format, &'static [u8], u64, u64); 5] = [
            (
                Format::Cloudtrail,
                include_bytes!("../fixtures/cloudtrail.jsonl"),
                60,
                0,
            ),
            (
                Format::Kubernetes,
                include_bytes!("../fixtures/kubernetes-audit.json"),
                4,
                1,
            ),
            (
                Format::Github,
                include_bytes!("../fixtures/github-audit.json"),
                6,
                1,
            ),
            (
                Format::Okta,
                include_bytes!("../fixtures/okta-system-log.json"),
                4,
                1,
            ),
            (Format::Ocsf, include_bytes!("../fixtures/ocsf.jsonl"), 5, 1),
        ];
        for (format, file, count, unknown) in files {
            let name = format.as_str();
            let (report, rejected, _) = run(&engine, Input::stream(file), format.clone()).await;
            assert_eq!(counts(&report), (count, count, 0, 0), "{name}: {rejected}");
            assert_eq!(report.unknown_outcomes.values().sum::<u64>(), unknown, "{name}");
            let (report, _, _) = run(&engine, Input::stream(file), format).await;
            assert_eq!(counts(&report), (count, 0, count, 0), "{name}");
        }
    }

    pub async fn what_does_not_fit_is_replaced_and_told(bed: Bed) {
        let engine = bed.open().await;
        let event = |id: u32, object: &Value| {
            json!({"auditID": format!("a{id}"), "verb": "create", "requestReceivedTimestamp": "2026-03-01T09:00:00Z",
                   "objectRef": {"resource": "customresourcedefinitions"}, "responseStatus": {"code": 201},
                   "requestObject": object})
            .to_string()
        };
        let large = json!({"spec": {"schema": "x".repeat(500_000), "group": "g"}});
        let text = [
            event(1, &large),
            event(2, &nested(38)),
            event(3, &json!("y".repeat(6 << 20))),
            event(4, &json!("DEEP")).replace(
                "\"DEEP\"",
                &format!("{}0{}", "[".repeat(5_000), "]".repeat(5_000)),
            ),
            event(5, &json!({"half": "HALF"})).replace("HALF", "\\ud83d"),
        ]
        .join("\n");
        let (report, rejected, shortened) = run(&engine, stream(&text), Format::Kubernetes).await;
        assert_eq!(counts(&report), (5, 5, 0, 0), "{rejected}");
        assert_eq!((report.shortened, report.surrogates), (4, 1));
        let told: Vec<_> = shortened
            .iter()
            .map(|line| {
                (
                    line["line"].as_u64().unwrap(),
                    line["omitted"][0]["at"].as_str().unwrap().len() > 13,
                )
            })
            .collect();
        assert_eq!(told, [(1, true), (2, true), (3, true), (4, true)]);
        assert_eq!(
            shortened[0]["omitted"][0]["at"],
            "details/requestObject/spec/schema"
        );
        assert_eq!(shortened[0]["omitted"][0]["bytes"], 500_002);
        let found = entries(&engine).await;
        let of = |id: &str| {
            let found = found.iter().find(|entry| {
                entry
                    .details
                    .as_ref()
                    .is_some_and(|details| details.0.get("auditID") == Some(&id.into()))
            });
            Value::Object(found.unwrap().details.clone().unwrap().0)
        };
        let schema = &of("a1")["requestObject"]["spec"];
        assert_eq!(
            (&schema["group"], &schema["schema"]["_omitted_bytes"]),
            (&"g".into(), &500_002.into())
        );
        assert_eq!(of("a3")["requestObject"]["_omitted_bytes"], (6 << 20) + 2);
        assert_eq!(of("a5")["requestObject"]["half"], "\u{fffd}");
        let (again, _, _) = run(&engine, stream(&text), Format::Kubernetes).await;
        assert_eq!(counts(&again), (5, 0, 5, 0));
    }
}
