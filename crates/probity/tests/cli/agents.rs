use std::fs;
use std::process::Command;

use sha2::{Digest, Sha256};

use crate::harness::{on_both, run, verifier};

#[test]
fn an_agent_is_made_changed_and_stopped() {
    on_both(|place| {
        let say = |line: &str| {
            let words: Vec<_> = line.split(' ').collect();
            place.run(&words).expect(0).out
        };
        let said = say("agent create triage --release 2.1.0");
        assert!(said.contains("on behalf of admin"), "{said}");
        assert!(say("agent create other --dry-run").contains("could be made"));
        assert!(!say("agent list").contains("other"));
        assert!(say("agent update triage --release 2.2.0").contains("is changed"));
        assert!(say("agent update triage --release 2.2.0").contains("so already"));
        assert!(say("agent show triage").contains("2.2.0"));
        let key = say("key create --agent triage --name triage --scopes workflows,read");
        assert!(key.starts_with("prb_"), "{key}");
        assert!(say("agent disable triage --dry-run").contains("could be disabled"));
        assert!(say("agent list --status active").contains("triage"));
        assert!(say("agent disable triage").contains("is disabled"));
        assert!(say("agent disable triage").contains("already"));
        assert!(say("agent list").contains("disabled"));
        assert!(say("agent enable triage").contains("is enabled"));
        say("audit verify");
    });
}

/// Users and agents are found by their names, and what applications call so is found before them.
#[test]
fn the_feed_in_sentences() {
    on_both(|place| {
        place
            .run(&["user", "create", "ann", "--role", "viewer"])
            .expect(0);
        place.run(&["agent", "create", "triage"]).expect(0);
        let record = |args: &[&str]| {
            let words: Vec<_> = ["activity", "record"].iter().chain(args).copied().collect();
            place.run(&words)
        };
        let id = "01970000-0000-7000-8000-0000000000ab";
        let ship = [
            "order.ship",
            "Sent the parcel",
            "--user",
            "bob",
            "--entity",
            "A-42",
            "--id",
            id,
        ];
        assert!(record(&ship).expect(0).out.starts_with("Recorded entry"));
        assert!(record(&ship).expect(0).out.starts_with("Already recorded"));
        let list = |args: &[&str]| {
            let words: Vec<_> = ["activity", "list"].iter().chain(args).copied().collect();
            place.run(&words).expect(0).out
        };
        assert!(list(&["--user", "bob"]).contains("Sent the parcel"));
        assert!(list(&["--entity", "A-42", "--from", "1h"]).contains("order.ship"));
        let oldest = place.json(&["activity", "list", "--order", "oldest", "--limit", "1"]);
        assert_eq!(oldest["activities"][0]["index"], 0);
        assert!(
            place
                .run(&["audit", "list", "--target", "agent:triage"])
                .expect(0)
                .out
                .contains("agent.create")
        );
        for (args, code, field) in [
            (["", "text"], "invalid_field", "type"),
            (["a b", "text"], "invalid_field", "type"),
            (["order.ship", ""], "invalid_field", "description"),
        ] {
            let words: Vec<_> = ["--output", "json", "activity", "record"]
                .iter()
                .chain(&args)
                .copied()
                .collect();
            let error = place.run(&words).expect(1).error();
            assert_eq!(
                (&error["code"], &error["field"]),
                (&code.into(), &field.into()),
                "{args:?}"
            );
        }
    });
}

#[test]
fn what_cannot_be_is_refused() {
    on_both(|place| {
        place.run(&["agent", "create", "triage"]).expect(0);
        for (line, code) in [
            ("agent create triage", "agent_exists"),
            ("agent create Triage", "invalid_field"),
            ("agent create other --user nobody", "unknown_user"),
            ("agent show nobody", "unknown_agent"),
            ("agent disable nobody", "unknown_agent"),
            ("agent update nobody --release 2", "unknown_agent"),
            (
                "key create --agent nobody --name x --scopes read",
                "unknown_agent",
            ),
            (
                "key create --agent triage --name x --scopes admin",
                "invalid_field",
            ),
            ("approval list --agent nobody", "unknown_agent"),
        ] {
            let words: Vec<_> = ["--output", "json"].into_iter().chain(line.split(' ')).collect();
            assert_eq!(place.run(&words).expect(1).error()["code"], code, "{line}");
        }
        place.run(&["agent", "update", "triage"]).expect(2);
        place
            .run(&[
                "key", "create", "--agent", "triage", "--user", "admin", "--name", "x", "--scopes", "read",
            ])
            .expect(2);
    });
}

/// The bundle of an execution that the switch of its agent ended is whole; one that lacks its steps is named.
#[test]
fn a_bundle_of_what_the_switch_ended_lacks_no_step() {
    on_both(|place| {
        place.json(&["agent", "create", "triage"]);
        let started = place.json(&["workflow", "start", "w", "admin", "--agent", "triage"]);
        let id = started["id"].as_str().unwrap();
        for name in ["first", "second"] {
            place
                .run(&["step", "record", id, "--kind", "tool", "--name", name])
                .expect(0);
        }
        let said = place.run(&["agent", "disable", "triage"]).expect(0).out;
        assert!(said.contains("1 run of it cancelled"), "{said}");
        fs::write(place.path("log.vkey"), place.run(&["audit", "key"]).expect(0).out).unwrap();
        let bundle = |more: &[&str]| {
            let mut args = vec!["audit", "export", "--format", "bundle", "--target", id];
            args.extend(more);
            place.run(&args).expect(0).out
        };
        let checked = |text: &str| {
            fs::write(place.path("run.jsonl"), text).unwrap();
            let mut verify = Command::new(verifier());
            let args = ["bundle", "run.jsonl", "--key", "@log.vkey"];
            verify.args(args).current_dir(place.path("."));
            run(verify, "")
        };
        checked(&bundle(&[])).expect(0);
        // Asked for the end alone, and passed off as all there is about the execution.
        let end = bundle(&["--action", "execution.cancel"]);
        let at_end = |text: &str| text.trim_end().rfind('\n').unwrap() + 1;
        let digest = |text: &str| evidence::json::hex(&Sha256::digest(&text[..at_end(text)]));
        let passed_off = end.replacen(r#""action":"execution.cancel","#, "", 1);
        let passed_off = passed_off.replace(&digest(&end), &digest(&passed_off));
        let ran = checked(&passed_off).expect(1);
        assert!(ran.out.contains(id) && ran.out.contains("2 steps"), "{ran:?}");
        checked(&end).expect(0);
    });
}
