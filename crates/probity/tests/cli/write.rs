use crate::harness::on_both;

#[test]
fn append_records_all_that_is_given() {
    on_both(|place| {
        let entry = place.append(&[
            "--actor",
            "agent:a-1",
            "--action",
            "order.create",
            "--target",
            "order:42",
            "--description",
            "An order",
            "--details",
            r#"{"amount":"1.50"}"#,
            "--outcome",
            "failed",
            "--occurred-at",
            "2026-01-02T03:04:05Z",
            "--ip",
            "203.0.113.7",
        ]);
        assert_eq!(entry["index"], 1);
        let shown = place.json(&["audit", "show", "1"]);
        for (pointer, expected) in [
            ("/id", entry["id"].as_str().unwrap()),
            ("/actor/kind", "agent"),
            ("/actor/id", "a-1"),
            ("/action", "order.create"),
            ("/target/kind", "order"),
            ("/target/id", "42"),
            ("/description", "An order"),
            ("/details/amount", "1.50"),
            ("/outcome", "failed"),
            ("/occurred_at", "2026-01-02T03:04:05.000000Z"),
            ("/ip", "203.0.113.7"),
            ("/recorded_by/kind", "operator"),
        ] {
            assert_eq!(shown.pointer(pointer).unwrap(), expected, "{pointer}");
        }
        let text = place
            .run(&["audit", "show", entry["id"].as_str().unwrap()])
            .expect(0)
            .out;
        for word in [
            "An order",
            "agent",
            "a-1",
            "42",
            "failed",
            "203.0.113.7",
            "\"amount\": \"1.50\"",
        ] {
            assert!(text.contains(word), "{word}: {text}");
        }
    });
}

#[test]
fn the_same_id_is_recorded_once() {
    on_both(|place| {
        let id = "0197a3c4-5e6f-7a8b-9c0d-1e2f3a4b5c6d";
        let append = |action| vec!["--actor", "user:alice", "--id", id, "--action", action];
        let first = place.append(&append("user.login"));
        let second = place.append(&append("user.login"));
        assert_eq!(
            (&second["index"], &second["replayed"]),
            (&first["index"], &true.into())
        );
        let mut words = vec!["--output", "json", "audit", "append"];
        words.extend(append("user.logout"));
        let error = place.run(&words).expect(1).error();
        assert_eq!(
            (&error["code"], &error["field"]),
            (&"id_conflict".into(), &"action".into()),
            "{error}"
        );
        assert_eq!(
            place.json(&["audit", "show", &error["entry"].to_string()])["outcome"],
            "failed"
        );
    });
}

/// The guard remembers what a command recorded even if the command fails: an older copy of the database is then noticed.
#[test]
fn a_command_that_is_refused_closes_the_log_too() {
    on_both(|place| {
        place
            .run(&["asset", "create", "BTC", "--name", "Bitcoin", "--scale", "8"])
            .expect(0);
        let refused = place.refused(1, &["asset", "create", "BTC", "--name", "Other", "--scale", "8"]);
        let guard = std::fs::read_to_string(place.path("data").join(engine::guard::FILE_NAME)).unwrap();
        let size = guard.lines().nth(1).and_then(|line| line.parse::<u64>().ok());
        assert_eq!(
            size,
            refused["entry"].as_u64().map(|entry| entry + 1),
            "{refused} {guard}"
        );
    });
}

#[test]
fn a_list_is_recorded_as_a_whole_or_not_at_all() {
    on_both(|place| {
        let good = r#"{"actor":{"kind":"user","id":"a"},"action":"x.y"}"#;
        let append = ["--output", "json", "audit", "append", "--json", "-"];
        let done = place
            .run_with(&append, &format!("[{good},{good}]"))
            .expect(0)
            .json();
        assert_eq!(done["entries"].as_array().unwrap().len(), 2);
        assert_eq!(place.run_with(&append, good).expect(0).json()["index"], 3);
        let bad = r#"{"actor":{"kind":"user"},"action":"x y"}"#;
        let error = place
            .run_with(&append, &format!("[{good},{bad}]"))
            .expect(1)
            .error();
        assert_eq!(error["field"], "[1].action", "{error}");
        assert_eq!(
            place.run_with(&append, "{").expect(1).error()["code"],
            "malformed_json"
        );
        assert_eq!(place.json(&["status"])["log"]["size"], 4);
    });
}

#[test]
fn erasing_leaves_every_proof_valid() {
    on_both(|place| {
        place.append(&[
            "--actor",
            "user:alice",
            "--action",
            "user.login",
            "--description",
            "Alice Example",
        ]);
        let done = place.json(&["audit", "erase", "1", "--reason", "asked for"]);
        assert_eq!(
            (&done["erased"], &done["entry"]),
            (&1.into(), &2.into()),
            "{done}"
        );
        let shown = place.run(&["--output", "json", "audit", "show", "1"]).expect(0);
        assert!(
            shown.json()["erased"] == true && !shown.out.contains("Alice"),
            "{}",
            shown.out
        );
        assert!(
            place
                .run(&["audit", "erase", "1", "--reason", "again"])
                .expect(0)
                .out
                .contains("Erased 0 entries")
        );
        place.run(&["audit", "erase", "99", "--reason", "x"]).expect(1);
        place.run(&["audit", "erase", "1", "--reason", ""]).expect(1);
        assert_eq!(place.json(&["audit", "verify"])["entries"]["erased"], 1);
    });
}

#[test]
fn what_is_under_a_legal_hold_stays() {
    on_both(|place| {
        place.append(&["--actor", "user:alice", "--action", "user.login"]);
        let set = [
            "audit", "hold", "create", "--actor", "alice", "--reason", "case 93",
        ];
        let hold = place.json(&set)["id"].as_str().unwrap().to_owned();
        let erase = ["audit", "erase", "1", "--reason", "asked for"];
        let error = place.refused(1, &erase);
        assert_eq!(error["code"], "held");
        assert!(error["message"].as_str().unwrap().contains(&hold), "{error}");
        let release = ["audit", "hold", "release", &hold, "--reason", "closed"];
        assert_eq!(place.refused(2, &release)["code"], "person_needed");
        crate::approvals::compliance(place, "cleo");
        crate::approvals::done(place, &release, "cleo");
        assert_eq!(place.json(&erase)["erased"], 1);
        place.run(&["audit", "verify"]).expect(0);
    });
}

#[test]
fn a_restore_must_be_acknowledged() {
    let place = crate::harness::sqlite();
    place.run(&["init"]).expect(0);
    place
        .run(&["audit", "acknowledge-restore", "--reason", "nothing"])
        .expect(2);
    let (live, saved) = (place.path("data/probity.db"), place.path("saved.db"));
    place.by_hand("PRAGMA wal_checkpoint(TRUNCATE)");
    std::fs::copy(&live, &saved).unwrap();
    place.append(&["--actor", "user:alice", "--action", "user.login"]);
    for suffix in ["-wal", "-shm"] {
        let _ = std::fs::remove_file(format!("{}{suffix}", live.display()));
    }
    std::fs::copy(&saved, &live).unwrap();
    // What is there can be read; it is not written to.
    let ran = place.run(&["audit", "list"]).expect(0);
    assert!(ran.err.starts_with("Nothing can be written: "), "{}", ran.err);
    let more = [
        "audit",
        "append",
        "--actor",
        "user:alice",
        "--action",
        "user.login",
    ];
    let ran = place.run(&more).expect(2);
    assert!(ran.err.contains("acknowledge-restore"), "{}", ran.err);
    place
        .run(&["audit", "acknowledge-restore", "--reason", "disk failure"])
        .expect(0);
    let last = place.json(&["audit", "list", "--limit", "1"]);
    assert_eq!(last["entries"][0]["action"], "log.acknowledge_restore");
    place.run(&["audit", "verify"]).expect(0);
}
