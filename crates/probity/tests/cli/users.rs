use std::fs;

use crate::harness::{Place, on_both};

const PASSWORD: &str = "lantern orbit gravel";

fn create(place: &Place, name: &str, more: &[&str]) -> serde_json::Value {
    let mut words = vec!["user", "create", name];
    words.extend(more);
    place.json(&words)
}

#[test]
fn a_user_is_made_shown_changed_and_disabled() {
    on_both(|place| {
        let made = create(place, "ann", &["--role", "auditor", "--email", "ann@example.com"]);
        let id = made["user"]["id"].as_str().unwrap();
        for name in ["ann", "ANN", id, "Ann@Example.com"] {
            assert_eq!(place.json(&["user", "show", name])["id"], id, "{name}");
        }
        let changed = place.json(&["user", "update", "ann", "--full-name", "Ann Smith", "--no-email"]);
        assert_eq!(
            (&changed["full_name"], &changed["email"], &changed["version"]),
            (&"Ann Smith".into(), &serde_json::Value::Null, &2.into())
        );
        place
            .run(&["user", "update", "ann", "--username", "anna"])
            .expect(0);
        let text = place.narrow(&["user", "update", "anna", "--no-email"]);
        assert!(text.contains("was so already"), "{text}");
        assert_eq!(
            place.json(&["user", "role", "anna", "compliance"])["role"],
            "compliance"
        );
        let text = place.narrow(&["user", "disable", "anna"]);
        assert!(text.contains("is disabled"), "{text}");
        assert_eq!(place.json(&["user", "show", "anna"])["state"], "disabled");
        assert_eq!(place.json(&["user", "enable", "anna"])["active"], true);
        let text = place.narrow(&["user", "show", "anna"]);
        assert!(
            text.contains("compliance (Decides on compliance)") && text.contains("Ann Smith"),
            "{text}"
        );
        let log = place.json(&["audit", "list", "--target", id, "--order", "oldest"]);
        let actions: Vec<_> = log["entries"]
            .as_array()
            .unwrap()
            .iter()
            .map(|entry| entry["action"].clone())
            .collect();
        assert_eq!(
            actions,
            [
                "user.create",
                "user.update",
                "user.update",
                "user.set_role",
                "user.disable",
                "user.enable"
            ]
        );
        place.run(&["audit", "verify"]).expect(0);
    });
}

#[test]
fn users_are_listed_by_what_they_are() {
    on_both(|place| {
        create(
            place,
            "ann",
            &[
                "--role",
                "user",
                "--email",
                "ann@example.com",
                "--full-name",
                "Ann Lee",
            ],
        );
        create(place, "bob", &["--role", "viewer"]);
        create(
            place,
            &"x".repeat(64),
            &[
                "--role",
                "viewer",
                "--email",
                &format!("{}@example.com", "y".repeat(60)),
            ],
        );
        place.run(&["user", "disable", "bob"]).expect(0);
        let names = |args: &[&str]| {
            let mut words = vec!["user", "list"];
            words.extend(args);
            let list = place.json(&words);
            let names = list["users"].as_array().unwrap().iter();
            names
                .map(|user| user["username"].as_str().unwrap().get(..3).unwrap().to_owned())
                .collect::<Vec<_>>()
        };
        assert_eq!(names(&[]), ["adm", "ann", "bob", "xxx"]);
        assert_eq!(names(&["--text", "LEE"]), ["ann"]);
        assert_eq!(names(&["--role", "viewer", "--active"]), ["xxx"]);
        assert_eq!(names(&["--disabled"]), ["bob"]);
        assert_eq!(names(&["--limit", "2"]), ["adm", "ann"]);
        assert!(place.json(&["user", "list", "--limit", "2"])["next"].is_string());
        assert!(place.json(&["user", "list", "--limit", "4"])["next"].is_null());
        let text = place.narrow(&["user", "list"]);
        assert!(text.contains("disabled") && text.lines().count() == 5, "{text}");
        place.run(&["user", "list", "--active", "--disabled"]).expect(2);
    });
}

/// Runs it with every log line on: what it prints for people, in which a secret may be once, and only there.
fn once(place: &Place, args: &[&str], find: impl Fn(&str) -> String) -> String {
    let mut command = place.command(args);
    command.env("PROBITY_LOG", "trace");
    let ran = crate::harness::run(command, "").expect(0);
    let secret = find(&ran.out);
    assert!(secret.len() >= 20, "{ran:?}");
    assert_eq!(ran.out.matches(&secret).count(), 1, "{}", ran.out);
    assert!(!ran.err.contains(&secret), "{}", ran.err);
    assert!(
        ran.out.lines().all(|line| line.chars().count() <= 80),
        "{}",
        ran.out
    );
    secret
}

#[test]
fn a_secret_is_shown_once_and_kept_nowhere() {
    on_both(|place| {
        let first_line = |text: &str| text.lines().next().unwrap().to_owned();
        let mut secrets = vec![
            once(place, &["user", "create", "ann", "--role", "user"], first_line),
            once(
                place,
                &["user", "create", "bob", "--role", "user", "--invite"],
                first_line,
            ),
            once(place, &["user", "invite", "bob"], first_line),
            once(place, &["user", "reset", "ann"], first_line),
            once(place, &["user", "recover", "ann"], first_line),
            once(
                place,
                &["key", "create", "--name", "x", "--scopes", "read"],
                first_line,
            ),
        ];
        let quiet = place.run(&["--quiet", "user", "reset", "ann"]).expect(0).out;
        assert_eq!(quiet.trim().len(), 24, "{quiet}");
        secrets.push(quiet.trim().to_owned());
        let export = place.run(&["audit", "export"]).expect(0).out;
        let shown = place
            .run(&["--output", "json", "user", "show", "ann"])
            .expect(0)
            .out;
        let mut kept = vec![export.into_bytes(), shown.into_bytes()];
        for name in ["probity.db", "probity.db-wal"] {
            kept.extend(fs::read(place.path("data").join(name)).ok());
        }
        for secret in &secrets {
            let found = |bytes: &Vec<u8>| {
                bytes
                    .windows(secret.len())
                    .any(|window| window == secret.as_bytes())
            };
            assert!(!kept.iter().any(found), "{secret}");
        }
    });
}

#[test]
fn who_is_let_in() {
    on_both(|place| {
        let made = create(place, "ann", &["--role", "user"]);
        let password = made["one_time_password"].as_str().unwrap();
        place.log_in("ann", password).unwrap();
        let reset = place.json(&["user", "reset", "ann"]);
        assert_eq!(
            (
                &reset["user"]["password_change_required"],
                &reset["user"]["active"]
            ),
            (&true.into(), &true.into())
        );
        assert_eq!(place.log_in("ann", password).unwrap_err(), "invalid_credentials");
        assert_eq!(
            place.json(&["session", "list"])["sessions"],
            serde_json::json!([])
        );

        place.run(&["user", "disable", "ann"]).expect(0);
        let recovered = place.json(&["user", "recover", "ann"]);
        assert_eq!(recovered["user"]["active"], true);
        place
            .log_in("ann", recovered["one_time_password"].as_str().unwrap())
            .unwrap();

        let create = ["user", "create", "bob", "--role", "user", "--password-stdin"];
        let weak = place.run_with(&create, "short\n").expect(1);
        assert!(weak.err.contains("at least 12 characters"), "{}", weak.err);
        let text = place.run_with(&create, &format!("{PASSWORD}\n")).expect(0).out;
        assert!(!text.contains(PASSWORD), "{text}");
        place.log_in("bob", PASSWORD).unwrap();
        let set = ["user", "password", "bob"];
        let weak = place.run_with(&set, "bob-bob-bob-bob\n").expect(1);
        assert!(weak.err.contains("password"), "{}", weak.err);
        place.log_in("bob", PASSWORD).unwrap();
        let next = "marble-cactus-71-harbour";
        let text = place.run_with(&set, &format!("{next}\n")).expect(0).out;
        assert!(!text.contains(next), "{text}");
        assert_eq!(place.log_in("bob", PASSWORD).unwrap_err(), "invalid_credentials");
        place.log_in("bob", next).unwrap();

        let invited = place.json(&["user", "create", "eve", "--role", "user", "--invite"]);
        assert!(
            invited["invitation"].as_str().unwrap().starts_with("pri_"),
            "{invited}"
        );
        assert!(invited["invited_until"].is_string(), "{invited}");
        let text = place.narrow(&["user", "invite", "eve"]);
        assert!(
            text.contains("for 72 h") && text.contains("/v1/auth/invitation"),
            "{text}"
        );
        let shown = place.narrow(&["user", "show", "eve"]);
        assert!(
            shown.contains("no password") && shown.contains("open until"),
            "{shown}"
        );
    });
}

#[test]
fn an_erased_user_leaves_its_id() {
    on_both(|place| {
        let made = create(place, "ann", &["--role", "user", "--email", "ann@example.com"]);
        let id = made["user"]["id"].as_str().unwrap();
        place
            .run(&[
                "key", "create", "--name", "hers", "--scopes", "read", "--user", "ann",
            ])
            .expect(0);
        let text = place.narrow(&["user", "erase", "ann", "--reason", "asked for it"]);
        assert!(
            text.contains("User ann is erased, with the payload of ") && text.contains(id),
            "{text}"
        );
        assert!(
            !place
                .run(&["audit", "export"])
                .expect(0)
                .out
                .contains("ann@example.com")
        );
        assert_eq!(place.json(&["user", "show", id])["state"], "erased");
        place
            .run(&["user", "erase", id, "--reason", "again", "--yes"])
            .expect(0);
        let error = place.refused(1, &["user", "enable", id]);
        assert_eq!(error["code"], "user_erased");
        place.run(&["audit", "verify"]).expect(0);
    });
}

#[test]
fn what_cannot_be_is_refused_with_a_hint() {
    on_both(|place| {
        create(place, "ann", &["--role", "user", "--email", "ann@example.com"]);
        for (args, code, hint) in [
            (
                &["create", "ann", "--role", "user"][..],
                "username_taken",
                "probity user list",
            ),
            (
                &["create", "bob", "--role", "user", "--email", "ANN@example.com"],
                "email_taken",
                "probity user show",
            ),
            (
                &["create", "Bob", "--role", "user"],
                "invalid_field",
                "change the value",
            ),
            (
                &["create", "bob", "--role", "boss"],
                "invalid_field",
                "probity role list",
            ),
            (
                &["update", "ann", "--username", "admin"],
                "username_taken",
                "probity user list",
            ),
            (&["role", "admin", "user"], "last_admin", "--role admin"),
            (&["disable", "admin"], "last_admin", "--role admin"),
            (&["erase", "admin", "--reason", "x"], "last_admin", "--role admin"),
            (
                &["erase", "ann", "--reason", ""],
                "invalid_field",
                "change the value",
            ),
            (&["show", "nobody"], "unknown_user", "probity user list"),
            (
                &["recover", "no@example.com"],
                "unknown_user",
                "probity user list",
            ),
        ] {
            let mut words = vec!["user"];
            words.extend(args);
            let error = place.refused(1, &words);
            assert_eq!(error["code"], code, "{args:?}: {error}");
            assert!(
                error["hint"].as_str().unwrap().contains(hint),
                "{args:?}: {error}"
            );
        }
        place.run(&["user", "disable", "ann"]).expect(0);
        assert_eq!(
            place.refused(1, &["user", "invite", "ann"])["code"],
            "user_disabled"
        );
        for args in [
            &["user", "create", "bob"][..],
            &[
                "user",
                "create",
                "bob",
                "--role",
                "user",
                "--invite",
                "--password-stdin",
            ],
            &["user", "update", "ann"],
            &["user", "update", "ann", "--email", "x@y.z", "--no-email"],
            &["user", "create", "bob", "--role", "Boss"],
        ] {
            place.run(args).expect(2);
        }
    });
}

/// What acts by keys needs no password, and what to do next is said.
#[test]
fn an_application_gets_a_user_without_a_password_and_a_key() {
    on_both(|place| {
        let ran = place
            .run(&["user", "create", "shop", "--role", "service"])
            .expect(0)
            .out;
        assert!(
            ran.contains("key create --user shop --name shop --scopes write"),
            "{ran}"
        );
        let shop = place.json(&["user", "show", "shop"]);
        assert_eq!(
            (&shop["has_password"], &shop["role"]),
            (&false.into(), &"service".into())
        );
        let key = place.json(&[
            "key",
            "create",
            "--user",
            "shop",
            "--name",
            "shop",
            "--scopes",
            "write,custody",
        ]);
        let shown = place.json(&["key", "show", key["api_key"]["id"].as_str().unwrap()]);
        let mut held: Vec<_> = shown["permissions"].as_array().unwrap().clone();
        held.sort_by_key(|word| word.as_str().unwrap().to_owned());
        assert_eq!(
            held,
            [
                "approvals:request",
                "audit:write",
                "custody:read",
                "custody:write",
                "kyc:read",
                "kyc:write"
            ]
        );
        // With a password it is made like everybody else, where somebody asks for one.
        let other = place.json(&["user", "create", "desk", "--role", "service", "--invite"]);
        assert!(other["invitation"].is_string(), "{other}");
    });
}
