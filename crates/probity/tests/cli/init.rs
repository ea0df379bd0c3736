use crate::harness::{both, program};

#[test]
fn init_makes_everything_once() {
    for place in both() {
        let first = place.run(&["init", "--origin", "example.com/log"]).expect(0);
        for step in ["database", "schema", "signing key", "log", "first admin"] {
            assert!(first.out.contains(&format!("✓ {step:<12} made")), "{}", first.out);
        }
        assert!(
            first.out.contains("example.com/log+") && first.out.contains("one-time password"),
            "{}",
            first.out
        );
        let program = program().display().to_string();
        let wide = |line: &&str| {
            // The URL of a test's database is as long as it is.
            !line.contains("postgres://") && line.replace(&program, "probity").chars().count() > 80
        };
        assert_eq!(first.out.lines().find(wide), None);

        let second = place.run(&["init"]).expect(0);
        assert!(
            !second.out.contains(" made ") && !second.out.contains("password"),
            "{}",
            second.out
        );
        assert!(second.out.contains("Nothing was missing."), "{}", second.out);

        let third = place.json(&["init"]);
        assert_eq!(
            (&third["origin"], &third["first_admin"]),
            (&"example.com/log".into(), &serde_json::Value::Null)
        );
        assert!(
            third["steps"]
                .as_array()
                .unwrap()
                .iter()
                .all(|step| step["changed"] == false),
            "{third}"
        );
    }
}

#[test]
fn the_password_comes_as_json_too() {
    for place in both() {
        let done = place.json(&["init"]);
        assert_eq!(done["first_admin"]["username"], "admin");
        assert!(done["first_admin"]["password"].as_str().unwrap().len() >= 20);
        assert_eq!(
            done["verifier_key"],
            place.json(&["audit", "key"])["verifier_key"]
        );
    }
}

#[test]
fn without_a_database_commands_say_what_to_do() {
    for place in both() {
        let ran = place.run(&["audit", "list"]).expect(2);
        assert!(
            ran.err.starts_with("error: ")
                && ran.err.contains("\nhint: ")
                && ran.err.contains("probity init"),
            "{ran:?}"
        );
        let ran = place.run(&["--output", "json", "audit", "list"]).expect(2);
        assert_eq!(ran.error()["code"], "problem");
        let status = place.run(&["--output", "json", "status"]).expect(1);
        assert_eq!(status.json()["healthy"], false);
        assert!(
            place
                .run(&["status"])
                .expect(1)
                .out
                .contains("✗ cannot be opened")
        );
    }
}

#[test]
fn another_origin_or_a_lost_key_is_noticed() {
    for place in both() {
        place.run(&["init"]).expect(0);
        std::fs::remove_file(place.path("data/signing.key")).unwrap();
        let ran = place.run(&["init"]).expect(2);
        assert!(ran.err.contains("signing.key"), "{}", ran.err);
        assert!(!place.path("data/signing.key").exists());
    }
}

/// Set-up and start look at what is there by name, and say with which statement it was made; health is their last step.
#[test]
fn what_is_not_as_it_was_made_is_named_before_anything_is_served() {
    for place in both() {
        let made = place.json(&["init"]);
        let steps = made["steps"].as_array().unwrap();
        let detail = |name: &str| {
            let step = steps.iter().find(|step| step["name"] == name).unwrap();
            step["detail"].as_str().unwrap().to_owned()
        };
        let tables = detail("tables");
        assert!(
            tables.contains(" tables, ")
                && tables.contains(" views, ")
                && tables.ends_with(" indexes, as made"),
            "{tables}"
        );
        assert!(detail("health").contains("can be written"));
        let text = place.run(&["init"]).expect(0).out;
        for step in ["tables", "health"] {
            assert!(text.contains(&format!("✓ {step:<12} is there ")), "{text}");
        }
        place.by_hand("DROP INDEX users_role");
        for command in [&["init"][..], &["serve", "--listen", "127.0.0.1:0"]] {
            let error = place.refused(2, command);
            let message = error["message"].as_str().unwrap();
            let named =
                "index users_role is missing; it was made by: CREATE INDEX users_role ON users (role)";
            assert!(message.contains(named), "{command:?}: {message}");
        }
        place.by_hand("CREATE INDEX users_role ON users (role)");
        place.run(&["init"]).expect(0);
    }
}
