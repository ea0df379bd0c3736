use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use serde_json::{Value, json};

use crate::harness::{on_both, sqlite};

/// bcrypt of "U*U", from the test vectors of crypt_blowfish.
const BCRYPT: &str = "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW";

fn counts(report: &Value) -> [u64; 4] {
    ["added", "unchanged", "differing", "rejected"].map(|name| report[name].as_u64().unwrap())
}

#[test]
fn users_come_with_their_passwords_and_a_second_time_nothing_changes() {
    on_both(|place| {
        let text = format!(
            "email,username,password_hash,role,active\nann@example.com,ann,{BCRYPT},auditor,\n,bob,,user,false\n"
        );
        fs::write(place.path("users.csv"), text).unwrap();
        let dry = place.json(&["user", "import", "users.csv", "--dry-run"]);
        assert_eq!((counts(&dry), &dry["dry_run"]), ([2, 0, 0, 0], &true.into()));
        assert_eq!(
            place.json(&["user", "list"])["users"].as_array().unwrap().len(),
            1
        );

        assert_eq!(
            counts(&place.json(&["user", "import", "users.csv"])),
            [2, 0, 0, 0]
        );
        assert_eq!(
            counts(&place.json(&["user", "import", "users.csv"])),
            [0, 2, 0, 0]
        );
        assert!(!place.path("users.csv.rejected").exists());
        let ann = place.json(&["user", "show", "ann"]);
        assert_eq!(
            (&ann["role"], &ann["email"]),
            (&"auditor".into(), &"ann@example.com".into())
        );
        assert_eq!(place.json(&["user", "show", "bob"])["state"], "disabled");

        // At login the hash is replaced by a better one, which is no difference.
        assert!(
            place
                .narrow(&["user", "show", "ann"])
                .contains("imported (bcrypt)")
        );
        place.log_in("ann", "U*U").unwrap();
        assert!(!place.narrow(&["user", "show", "ann"]).contains("bcrypt"));
        assert_eq!(
            counts(&place.json(&["user", "import", "users.csv"])),
            [0, 2, 0, 0]
        );
        // Nor is it in the log, and no refusal is.
        assert!(!place.run(&["audit", "export"]).expect(0).out.contains(BCRYPT));
        let entries = place.json(&["audit", "list", "--action", "user.import"]);
        assert_eq!(entries["entries"].as_array().unwrap().len(), 2);
        place.run(&["audit", "verify"]).expect(0);
    });
}

#[test]
fn bad_lines_are_named_and_kept() {
    on_both(|place| {
        place
            .run(&[
                "user",
                "create",
                "ann",
                "--role",
                "user",
                "--email",
                "ann@example.com",
            ])
            .expect(0);
        let lines = [
            json!({"username": "bob", "role": "user"}).to_string(),
            json!({"username": "Eve Smith", "role": "user"}).to_string(),
            json!({"username": "eve", "role": "boss"}).to_string(),
            json!({"username": "eve", "role": "user", "password_hash": "plain text"}).to_string(),
            json!({"username": "eve", "role": "user", "email": "ann@example.com"}).to_string(),
            json!({"username": "bob", "role": "user"}).to_string(),
            String::new(),
            "\"plain text\"".to_owned(),
            json!({"username": "ann", "role": "viewer"}).to_string(),
            json!({"username": "eve", "role": "user", "colour": 1}).to_string(),
            r#"{"username": "eve", "username": "eva", "role": "user"}"#.to_owned(),
        ];
        let mut bytes = lines.join("\n").into_bytes();
        bytes.extend(b"\n{\"username\": \"\xff\"}\n");
        fs::write(place.path("users.jsonl"), bytes).unwrap();
        let ran = place
            .run(&["--output", "json", "user", "import", "users.jsonl"])
            .expect(1);
        let report = ran.json();
        assert_eq!(
            (&report["lines"], counts(&report)),
            (&11.into(), [1, 0, 1, 9]),
            "{report}"
        );
        let kept = fs::read_to_string(place.path("users.jsonl.rejected")).unwrap();
        let mut kept: Vec<Value> = kept
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        kept.sort_by_key(|fault| fault["line"].as_u64());
        let named: Vec<_> = kept
            .iter()
            .map(|fault| {
                (
                    fault["line"].as_u64().unwrap(),
                    fault["field"].as_str().unwrap_or("-"),
                )
            })
            .collect();
        assert_eq!(
            named,
            [
                (2, "username"),
                (3, "role"),
                (4, "password_hash"),
                (5, "email"),
                (6, "username"),
                (8, "line"),
                (9, "-"),
                (10, "colour"),
                (11, "line"),
                (12, "line"),
            ]
        );
        assert_eq!(kept[1]["text"], lines[2]);
        assert!(
            kept[6]["reason"]
                .as_str()
                .unwrap()
                .contains("differs in role, email"),
            "{}",
            kept[6]
        );
        assert!(kept[9]["base64"].is_string(), "{}", kept[9]);
        let mode = fs::metadata(place.path("users.jsonl.rejected"))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600);
        // Only that file repeats what may be a secret.
        assert!(!ran.out.contains("plain text"), "{}", ran.out);

        let ran = place.run(&["user", "import", "users.jsonl"]).expect(1);
        assert!(ran.out.contains("  line 2  username: must be"), "{}", ran.out);
        assert!(ran.out.contains("users.jsonl.rejected"), "{}", ran.out);
        assert!(
            ran.out.lines().all(|line| line.chars().count() <= 80),
            "{}",
            ran.out
        );
        // Nobody was refused by the log: who is looked for first is not asked for.
        let failed = place.json(&["audit", "list", "--action", "user.import", "--outcome", "failed"]);
        assert_eq!(failed["entries"], json!([]));
    });
}

/// Names as other systems have them: in lower case, without the domain; each is said, and no two become one.
#[test]
fn addresses_and_capitals_are_imported_by_a_rule_that_is_said() {
    on_both(|place| {
        place
            .run(&[
                "user",
                "create",
                "zoe",
                "--role",
                "user",
                "--email",
                "zoe@example.com",
            ])
            .expect(0);
        let text = format!(
            "username,role,email,password_hash\nAnn.Smith+x@Example.com,user,,{BCRYPT}\nBOB,user,bob@example.com,\n\
             eve@example.com,user,eve@example.org,\nkim,user,,\nbob,viewer,,\nBob@example.net,user,,\n\
             Me@example.com,user,,\nzoe@example.org,user,,\nAnn Smith,user,,\n"
        );
        fs::write(place.path("users.csv"), text).unwrap();
        let import = ["--output", "json", "user", "import", "users.csv"];
        let named = json!([
            {"line": 2, "name": "Ann.Smith+x@Example.com", "username": "ann.smith-x"},
            {"line": 3, "name": "BOB", "username": "bob"},
            {"line": 4, "name": "eve@example.com", "username": "eve"},
        ]);
        let mut dry = import.to_vec();
        dry.push("--dry-run");
        for (args, expected) in [
            (&dry[..], [4, 0, 1, 4]),
            (&import, [4, 0, 1, 4]),
            (&import, [0, 4, 1, 4]),
        ] {
            let report = place.run(args).expect(1).json();
            assert_eq!(
                (counts(&report), &report["renamed"]),
                (expected, &named),
                "{args:?}"
            );
        }
        // They log in as they did, or by their new name.
        for name in ["Ann.Smith+x@Example.com", "ann.smith-x"] {
            place.log_in(name, "U*U").unwrap();
        }
        assert_eq!(place.json(&["user", "show", "eve"])["email"], "eve@example.org");
        // Whoever is not imported is named, and so is whom they would have become.
        let kept = fs::read_to_string(place.path("users.csv.rejected")).unwrap();
        let mut kept: Vec<Value> = kept
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        kept.sort_by_key(|fault| fault["line"].as_u64());
        let reasons: Vec<_> = kept
            .iter()
            .map(|fault| (fault["line"].as_u64().unwrap(), fault["reason"].as_str().unwrap()))
            .collect();
        for ((line, reason), (number, words)) in reasons.iter().zip([
            (6, r#"is that of line 3 ("BOB") too"#),
            (
                7,
                r#""Bob@example.net" is "bob" here: is that of line 3 ("BOB") too"#,
            ),
            (8, r#"must not be "me""#),
            (
                9,
                r#""zoe@example.org" is "zoe" here: the user is there, and differs in email"#,
            ),
            (10, "must be 1 to 64 characters of a-z"),
        ]) {
            assert_eq!(*line, number, "{kept:?}");
            assert!(reason.contains(words), "{reason}");
        }
        assert_eq!(reasons.len(), 5);
        let ran = place.run(&["user", "import", "users.csv"]).expect(1);
        for words in ["  line 3  BOB is bob", "lower case", "3 users with another name"] {
            assert!(ran.out.contains(words), "{words}: {}", ran.out);
        }
        assert!(
            ran.out.lines().all(|line| line.chars().count() <= 80),
            "{}",
            ran.out
        );
    });
}

#[test]
fn thousands_take_seconds() {
    on_both(|place| {
        let lines = (0..2_000).map(|number| format!("u{number},user,u{number}@example.com,{BCRYPT}\n"));
        let text = format!("username,role,email,password_hash\n{}", lines.collect::<String>());
        let import = ["--output", "json", "user", "import", "-", "--format", "csv"];
        let report = place.run_with(&import, &text).expect(0).json();
        assert_eq!(counts(&report), [2_000, 0, 0, 0]);
        assert!(report["seconds"].as_f64().unwrap() < 30.0, "{report}");
        // More than one page.
        assert_eq!(
            place.json(&["user", "list"])["users"].as_array().unwrap().len(),
            2_001
        );
        // A full queue makes it wait.
        let mut command = place.command(&import);
        command.env("PROBITY_WRITER_QUEUE_MAX", "2");
        let more = text
            .replace("\nu", "\nv")
            .replace(",u", ",v")
            .replace(",vser", ",user");
        let report =
            crate::harness::run(command, &more.lines().take(101).collect::<Vec<_>>().join("\n")).expect(0);
        assert_eq!(counts(&report.json()), [100, 0, 0, 0]);
    });
}

#[test]
fn a_file_that_is_none_is_refused_as_a_whole() {
    let place = sqlite();
    place.run(&["init"]).expect(0);
    fs::write(place.path("no-names.csv"), format!("ann,user,{BCRYPT}\n")).unwrap();
    fs::write(place.path("users.txt"), "").unwrap();
    for (args, code) in [
        (&["no-names.csv"][..], "columns"),
        (&["users.txt"], "usage"),
        (&["users.txt", "--format", "csv"], "columns"),
        (&["missing.csv"], "file"),
        (&["data", "--format", "jsonl"], "file"),
    ] {
        let mut words = vec!["user", "import"];
        words.extend(args);
        let error = place.refused(2, &words);
        assert_eq!(error["code"], code, "{error}");
        assert!(!error.to_string().contains("$2a$"), "{error}");
    }
}
