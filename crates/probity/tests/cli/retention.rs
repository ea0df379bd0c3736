//! Retention by the settings, and making the files anew afterwards.

use std::fs;

use domain::audit::Event;
use domain::{Caller, Command, Origin};
use engine::clock::Clock;
use engine::database::Location;
use engine::{Engine, Options};

use crate::harness::{Place, both, on_both};

const POLICIES: &str = "[[retention]]\naction = \"http.*\"\nkeep_days = 90\n\n[[retention]]\naction = \"http.post\"\nkeep_days = 365\n";

fn event(action: &str) -> Event {
    let text = format!(
        r#"{{"actor":{{"kind":"service","id":"Shop-{action}"}},"action":"{action}","details":{{"path":"/v1/orders"}}}}"#
    );
    serde_json::from_str(&text).unwrap()
}

/// A log with three requests of 100 days ago.
fn aged(place: &Place) {
    let (clock, _) = Clock::set_by_hand(engine::now().plus_seconds(-100 * 24 * 3_600));
    let options = Options {
        clock,
        ..Options::new(place.path("data"), place.location())
    };
    tokio::runtime::Runtime::new().unwrap().block_on(async {
        Engine::init(&options, &mut |_| {}).await.unwrap();
        let engine = Engine::open(options).await.unwrap();
        let events = ["http.get", "http.get", "http.post"].map(event);
        let command = Command::RecordEvents(engine.prepare(events.to_vec(), true).unwrap());
        let caller = Caller::Operator {
            name: "tester".to_owned(),
        };
        engine.submit(&caller, Origin::default(), command).await.unwrap();
        engine.shutdown().await;
    });
    fs::create_dir_all(place.path("config")).unwrap();
    fs::write(place.path("config/development.toml"), POLICIES).unwrap();
}

#[test]
fn what_is_past_its_policy_is_shown_and_pruned() {
    for place in both() {
        aged(&place);
        let text = place.narrow(&["audit", "retention", "--dry-run"]);
        assert!(
            text.contains("http.get") && text.ends_with("2 entries would be pruned.\n"),
            "{text}"
        );
        let told = place.json(&["audit", "retention", "--dry-run"]);
        assert_eq!(
            (&told["entries"], &told["commands"]),
            (&2.into(), &0.into()),
            "{told}"
        );
        let action = &told["actions"][0];
        assert_eq!(
            (&action["action"], &action["policy"], &action["keep_days"]),
            (&"http.get".into(), &"http.*".into(), &90.into())
        );
        let entries = place.json(&["audit", "list", "--action", "http.*"]);
        let first = entries["entries"][2]["index"].clone();
        let done = place.run(&["audit", "retention"]).expect(0).out;
        assert!(done.ends_with("2 entries pruned, by 1 command.\n"), "{done}");
        if let Location::Sqlite(path) = place.location() {
            let bytes = fs::read(path).unwrap();
            let holds = |word: &str| bytes.windows(word.len()).any(|window| window == word.as_bytes());
            assert!(holds("Shop-http.post") && !holds("Shop-http.get"));
        }
        let index = first.to_string();
        let shown = place.json(&["audit", "show", &index]);
        assert_eq!(
            (&shown["pruned"], shown.get("erased")),
            (&true.into(), None),
            "{shown}"
        );
        assert!(
            place
                .run(&["audit", "show", &index])
                .expect(0)
                .out
                .contains("Pruned")
        );
        let csv = place.run(&["audit", "export", "--format", "csv"]).expect(0).out;
        assert_eq!(
            csv.lines().filter(|line| line.ends_with(",false,true,")).count(),
            2,
            "{csv}"
        );
        let report = place.json(&["audit", "verify"]);
        let counts = &report["entries"];
        assert_eq!(
            (&counts["erased"], &counts["pruned"], &counts["tampered"]),
            (&0.into(), &2.into(), &0.into()),
            "{report}"
        );
        let text = place.run(&["audit", "verify"]).expect(0).out;
        let last: Vec<&str> = text.lines().rev().take(5).collect();
        assert!(
            last[0] == "✓ intact" && last[1].starts_with("Tampered") && last[2].starts_with("Pruned"),
            "{text}"
        );
        assert_eq!(place.json(&["audit", "retention"])["entries"], 0);
    }
}

#[test]
fn without_policies_nothing_goes() {
    on_both(|place| {
        place.append(&["--actor", "user:al", "--action", "http.get"]);
        let done = place.run(&["audit", "retention"]).expect(0).out;
        assert_eq!(done, "0 entries pruned, by 0 commands.\n");
        let mut command = place.command(&["audit", "retention", "--dry-run"]);
        command.env("PROBITY_AUDIT_RETENTION_DAYS", "36501");
        let ran = crate::harness::run(command, "").expect(2);
        assert!(
            ran.err
                .contains("audit.retention_days is 36501: it must be 0 to 36500"),
            "{}",
            ran.err
        );
        let policies = POLICIES.replace("365", "0");
        fs::create_dir_all(place.path("config")).unwrap();
        fs::write(place.path("config/development.toml"), policies).unwrap();
        let ran = place.run(&["audit", "retention"]).expect(2);
        let expected = "config/development.toml: retention[1].keep_days: is 0: it must be 1 to 36500";
        assert!(ran.err.contains(expected), "{}", ran.err);
    });
}

#[test]
fn files_are_made_anew_once_somebody_says_so() {
    on_both(|place| {
        place.append(&["--actor", "user:al", "--action", "user.login"]);
        let refused = place.refused(2, &["db", "compact"]);
        let said = refused["message"].as_str().unwrap();
        assert_eq!(refused["code"], "not_confirmed");
        assert!(said.contains("VACUUM") && said.contains("free space"), "{said}");
        let done = place.json(&["db", "compact", "--yes"]);
        assert!(done["bytes_before"].as_u64() > Some(0) && done["bytes_after"].as_u64() > Some(0));
        let unknown = ["db", "compact", "--yes", "--table", "counters"];
        let refused = place.refused(2, &unknown);
        assert!(refused["hint"].as_str().unwrap().contains("entries"), "{refused}");
        place
            .run(&["db", "compact", "--yes", "--table", "entries"])
            .expect(0);
        place.run(&["audit", "verify"]).expect(0);
        place.append(&["--actor", "user:al", "--action", "user.login"]);
    });
}
