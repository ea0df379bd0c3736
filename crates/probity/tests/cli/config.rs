use std::fs;

use serde_json::Value;

use crate::harness::{Ran, bare, on_both, run, sqlite};

struct Case {
    place: crate::harness::Place,
    variables: Vec<(&'static str, &'static str)>,
}

impl Case {
    fn new(variables: &[(&'static str, &'static str)]) -> Case {
        let place = sqlite();
        fs::create_dir_all(place.path("config")).unwrap();
        fs::create_dir_all(place.path("probity-data")).unwrap();
        Case {
            place,
            variables: variables.to_vec(),
        }
    }

    fn file(self, name: &str, text: &str) -> Case {
        fs::write(self.place.path(name), text).unwrap();
        self
    }

    fn run(&self, args: &[&str]) -> Ran {
        let mut command = bare(&self.place.path(""));
        command.args(["--output", "json"]).args(args).arg("config");
        command.envs(self.variables.iter().copied());
        run(command, "")
    }

    /// Value and source of a setting.
    fn setting(&self, key: &str, args: &[&str]) -> (Value, String) {
        let found = self.run(args).expect(0).json();
        let all = found["settings"].as_array().unwrap();
        let setting = all.iter().find(|setting| setting["key"] == key).unwrap();
        (
            setting["value"].clone(),
            setting["source"].as_str().unwrap().to_owned(),
        )
    }
}

#[test]
fn later_sources_win_and_are_named() {
    let toml = "[writer]\nqueue_max = 7\nbatch_entries_max = 7\n[database]\npool_max = 7\n";
    let case = Case::new(&[
        ("PROBITY_WRITER_QUEUE_MAX", "9"),
        ("PROBITY_LISTEN", "127.0.0.1:9"),
    ])
    .file("config/development.toml", toml)
    .file(
        "probity-data/development.toml",
        "[writer]\nqueue_max = 8\nbatch_entries_max = 8\n",
    );
    for (key, value, source) in [
        ("database.acquire_timeout_s", Value::from(30), "default"),
        ("log.format", "text".into(), "built-in development.toml"),
        ("database.pool_max", 7.into(), "config/development.toml"),
        (
            "writer.batch_entries_max",
            8.into(),
            "./probity-data/development.toml",
        ),
        ("writer.queue_max", 9.into(), "PROBITY_WRITER_QUEUE_MAX"),
        ("listen", "127.0.0.1:9".into(), "PROBITY_LISTEN"),
    ] {
        assert_eq!(case.setting(key, &[]), (value, source.to_owned()), "{key}");
    }
    let (value, source) = case.setting("data_dir", &["--data-dir", "elsewhere"]);
    assert_eq!((value, source.as_str()), ("elsewhere".into(), "--data-dir"));
}

#[test]
fn the_database_url_is_honoured_without_its_password() {
    let url = "postgres://me:secret@localhost/one";
    let case = Case::new(&[("DATABASE_URL", url)]);
    assert_eq!(
        case.setting("database.url", &[]),
        ("postgres://me@localhost/one".into(), "DATABASE_URL".to_owned())
    );
    let case = Case::new(&[("DATABASE_URL", url), ("PROBITY_DATABASE_URL", "two.db")]);
    assert_eq!(
        case.setting("database.url", &[]),
        ("two.db".into(), "PROBITY_DATABASE_URL".to_owned())
    );
    let found = case.setting("database.url", &["--database", "sqlite:three.db"]);
    assert_eq!(found, ("three.db".into(), "--database".to_owned()));
    let case = Case::new(&[("DATABASE_URL", "")]);
    assert_eq!(case.setting("database.url", &[]).1, "default");
}

#[test]
fn in_production_nothing_goes_to_another_machine_unencrypted() {
    for (environment, url, expected) in [
        ("production", "postgres://db/one", 0),
        ("production", "postgres://db/one?sslmode=require", 0),
        ("production", "postgres://db/one?sslmode=prefer", 2),
        ("production", "postgres://db/one?sslmode=disable", 2),
        ("production", "postgres://localhost/one?sslmode=disable", 0),
        ("development", "postgres://db/one?sslmode=disable", 0),
        ("development", "postgres://db/one?sslmode=none", 2),
    ] {
        let case = Case::new(&[("PROBITY_ENV", environment), ("DATABASE_URL", url)]);
        let ran = case.run(&[]).expect(expected);
        let named = ran.err.contains("DATABASE_URL: database.url: ") && ran.err.contains("sslmode=");
        assert_eq!(named, expected == 2, "{url}: {}", ran.err);
    }
}

#[test]
fn the_signing_key_is_hidden() {
    let case = Case::new(&[("PROBITY_SIGNING_KEY", "very-secret")]);
    let ran = case.run(&[]).expect(0);
    assert!(
        !ran.out.contains("very-secret") && ran.out.contains("(hidden)"),
        "{}",
        ran.out
    );
}

#[test]
fn a_switch_of_the_limits_is_read() {
    let key = "limits.user_quota_includes_keys";
    assert_eq!(
        Case::new(&[]).setting(key, &[]),
        (false.into(), "default".to_owned())
    );
    let variable = "PROBITY_LIMITS_USER_QUOTA_INCLUDES_KEYS";
    let case = Case::new(&[(variable, "true")]);
    assert_eq!(case.setting(key, &[]), (true.into(), variable.to_owned()));
}

#[test]
fn production_logs_json() {
    let case = Case::new(&[("PROBITY_ENV", "production")]);
    assert_eq!(
        case.setting("log.format", &[]),
        ("json".into(), "built-in production.toml".to_owned())
    );
}

#[test]
fn what_is_wrong_is_named_with_its_source() {
    for (variables, file, expected) in [
        (&[("PROBITY_LISTE", "x")][..], "", "PROBITY_LISTE"),
        (&[("PROBITY_ENV", "prod")], "", "PROBITY_ENV is \"prod\""),
        (
            &[("PROBITY_WRITER_QUEUE_MAX", "many")],
            "",
            "PROBITY_WRITER_QUEUE_MAX: writer.queue_max",
        ),
        (
            &[("PROBITY_WRITER_QUEUE_MAX", "0")],
            "",
            "writer.queue_max is 0: it must be 1 to",
        ),
        (&[("PROBITY_LOG", "loud")], "", "PROBITY_LOG: log.level"),
        (&[("DATABASE_URL", "mysql://h/d")], "", "mysql"),
        (
            &[],
            "lisen = \"x\"",
            "config/development.toml: unknown setting lisen",
        ),
        (
            &[],
            "[http]\nbody = 1",
            "config/development.toml: unknown setting http.body",
        ),
        (&[], "listen = ", "config/development.toml"),
        (
            &[("PROBITY_IDENTITY_SESSION_IDLE_M", "0")],
            "",
            "PROBITY_IDENTITY_SESSION_IDLE_M: identity.session_idle_m is 0: it must be 1 to",
        ),
        (
            &[],
            "[roles.trader]\npermissions = [\"audit:raed\"]",
            "config/development.toml: roles.trader.permissions: there is no permission \"audit:raed\"",
        ),
        (
            &[],
            "[roles.admin]\npermissions = [\"audit:read\"]",
            "config/development.toml: roles.admin.permissions: role admin is built in",
        ),
        (
            &[],
            "[roles.trader]\nsecond_factor = true",
            "config/development.toml: roles.trader: what the role may do is missing",
        ),
        (
            &[],
            "[[custody.limits]]\ntier = 3\nasset = \"BTC\"\nkind = \"burn\"\nwindow_s = 60\namount = \"1\"",
            "config/development.toml: custody.limits[0].tier: is 3: it must be 0 to 2",
        ),
        (
            &[],
            "[[custody.thresholds]]\nasset = \"BTC\"\nkind = \"burn\"\namount = 1.5",
            "config/development.toml: custody.thresholds.0.amount",
        ),
        (
            &[("PROBITY_CUSTODY_APPROVAL_EXPIRES_H", "0")],
            "",
            "PROBITY_CUSTODY_APPROVAL_EXPIRES_H: custody.approval_expires_h is 0: it must be 1 to 8760",
        ),
        (
            &[],
            "[roles.trader]\npermissions = []\ncolour = 1",
            "config/development.toml: unknown setting roles.trader.colour",
        ),
    ] {
        let ran = Case::new(variables)
            .file("config/development.toml", file)
            .run(&[])
            .expect(2);
        let error = ran.error();
        assert_eq!(error["code"], "config", "{error}");
        assert!(
            error["message"].as_str().unwrap().contains(expected),
            "{expected}: {error}"
        );
    }
}

#[test]
fn roles_are_printed_with_their_source() {
    let case = Case::new(&[])
        .file(
            "config/development.toml",
            "[roles.trader]\npermissions = [\"audit:read\"]\n[roles.admin]\nsecond_factor = true\n",
        )
        .file(
            "probity-data/development.toml",
            "[roles.trader]\npermissions = [\"audit:write\", \"audit:read\"]\n",
        );
    for (key, value, source) in [
        (
            "roles.trader.permissions",
            serde_json::json!(["audit:write", "audit:read"]),
            "./probity-data/development.toml",
        ),
        (
            "roles.admin.second_factor",
            true.into(),
            "config/development.toml",
        ),
        ("identity.invitation_h", 72.into(), "default"),
        ("database.auto_migrate", true.into(), "default"),
    ] {
        assert_eq!(case.setting(key, &[]), (value, source.to_owned()), "{key}");
    }
    let mut command = bare(&case.place.path(""));
    command.arg("config");
    let text = run(command, "").expect(0).out;
    assert!(text.contains("audit:write, audit:read"), "{text}");
    assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
}

#[test]
fn limits_and_thresholds_are_printed_with_their_source() {
    let case = Case::new(&[("PROBITY_CUSTODY_KYC_EXPIRES_D", "30")]).file(
        "config/development.toml",
        "[[custody.limits]]\ntier = 1\nasset = \"BTC\"\nkind = \"withdrawal\"\nwindow_s = 86400\namount = \"0.5\"\n\
         [[custody.thresholds]]\nasset = \"BTC\"\nkind = \"withdrawal\"\namount = \"1\"\n",
    );
    for (key, value, source) in [
        (
            "custody.limits[0]",
            serde_json::json!({"tier": 1, "asset": "BTC", "kind": "withdrawal", "window_s": 86400, "amount": "0.5"}),
            "config/development.toml",
        ),
        (
            "custody.thresholds[0]",
            serde_json::json!({"asset": "BTC", "kind": "withdrawal", "amount": "1", "quorum": 1}),
            "config/development.toml",
        ),
        (
            "custody.kyc_expires_d",
            30.into(),
            "PROBITY_CUSTODY_KYC_EXPIRES_D",
        ),
        ("custody.destination_cooling_off_h", 24.into(), "default"),
    ] {
        assert_eq!(case.setting(key, &[]), (value, source.to_owned()), "{key}");
    }
    let mut command = bare(&case.place.path(""));
    command.arg("config");
    let text = run(command, "").expect(0).out;
    assert!(
        text.contains("tier 1: at most 0.5 BTC in withdrawals within 86400 s"),
        "{text}"
    );
    assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
}

#[test]
fn production_does_not_migrate_by_itself() {
    let case = Case::new(&[("PROBITY_ENV", "production")]);
    assert_eq!(
        case.setting("database.auto_migrate", &[]),
        (false.into(), "built-in production.toml".to_owned())
    );
}

#[test]
fn a_service_of_kubernetes_is_no_setting() {
    let case = Case::new(&[
        ("PROBITY_SERVICE_HOST", "10.0.0.1"),
        ("PROBITY_PORT_8080_TCP", "tcp://10.0.0.1:8080"),
    ]);
    case.run(&[]).expect(0);
}

/// Every statement of a command is a line with its text, time and rows; nothing that it was about is.
#[test]
fn sql_is_echoed_without_its_values() {
    on_both(|place| {
        let secret = "the-needle-in-the-statement";
        let append = |echo: &str, action: &str| {
            let mut command = place.command(&["audit", "append", "--actor", "user:a", "--action", action]);
            command.args(["--description", secret, "--target", &format!("order:{secret}")]);
            command
                .env("PROBITY_LOG_SQL", echo)
                .env("PROBITY_LOG_FORMAT", "json");
            run(command, "").expect(0).err
        };
        assert_eq!(append("false", "x"), "");
        let echo = append("true", "y");
        assert!(!echo.contains(secret), "{echo}");
        let lines: Vec<Value> = echo
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        assert!(
            lines
                .iter()
                .all(|line| line["target"] == "sql" && line["level"] == "DEBUG"),
            "{echo}"
        );
        assert!(
            lines
                .iter()
                .all(|line| line["ms"].as_str().unwrap().parse::<f64>().is_ok()),
            "{echo}"
        );
        let rows = |beginning: &str| -> Vec<&Value> {
            let begins = |line: &&Value| line["message"].as_str().unwrap().starts_with(beginning);
            lines.iter().filter(begins).map(|line| &line["rows"]).collect()
        };
        // What is read, what is written, and what ends a transaction.
        let first = "SELECT origin, size, root";
        let written = match place.location().engine() {
            "sqlite" => vec![first, "INSERT INTO entries", "UPDATE log_head"],
            // One statement is the whole transaction.
            _ => vec![first, "WITH s0 AS (UPDATE log_head"],
        };
        for beginning in &written {
            assert_eq!(rows(beginning).last(), Some(&&1.into()), "{beginning}: {echo}");
        }
        let commits = rows("COMMIT");
        assert!(written.len() == 2 || commits == [&Value::from(0)], "{echo}");
        // It is for the echo's setting to say, not for the level.
        let mut command = place.command(&["status"]);
        command
            .env("PROBITY_LOG", "debug")
            .env("PROBITY_LOG_FORMAT", "json");
        assert!(!run(command, "").expect(0).err.contains("\"target\":\"sql\""));
    });
}

#[test]
fn secrets_come_from_files_too() {
    let place = sqlite();
    place.run(&["init"]).expect(0);
    let secrets = place.path("secrets");
    fs::create_dir(&secrets).unwrap();
    let key = secrets.join("signing.key");
    fs::rename(engine::keyfile::path(&place.path("data")), &key).unwrap();
    place.run(&["user", "list"]).expect(2);
    let (folder, file) = (secrets.to_str().unwrap(), key.to_str().unwrap());
    for (name, value, source) in [
        ("PROBITY_SIGNING_KEY_FILE", file, "PROBITY_SIGNING_KEY_FILE"),
        (
            "CREDENTIALS_DIRECTORY",
            folder,
            "$CREDENTIALS_DIRECTORY/signing.key",
        ),
    ] {
        let with = |args: &[&str]| {
            let mut command = place.command(args);
            command.env(name, value);
            run(command, "")
        };
        with(&["user", "list"]).expect(0);
        let shown = with(&["--output", "json", "config"]).expect(0).out;
        assert!(shown.contains("(hidden)") && shown.contains(source), "{shown}");
        assert!(!shown.contains("PRIVATE+KEY"), "{shown}");
    }
    // One of both, and one that is there.
    let mut both = place.command(&["config"]);
    both.env("PROBITY_SIGNING_KEY_FILE", file)
        .env("PROBITY_SIGNING_KEY", "x");
    assert!(run(both, "").expect(2).err.contains("both set"));
    let mut missing = place.command(&["config"]);
    missing.env("PROBITY_DATABASE_URL_FILE", "/nowhere/url");
    assert!(run(missing, "").expect(2).err.contains("/nowhere/url"));
    // The database's too, with its password hidden; a variable wins over the folder.
    fs::write(secrets.join("database.url"), "postgres://u:hush@h/folder\n").unwrap();
    fs::write(secrets.join("url"), "postgres://u:hush@h/named\n").unwrap();
    let url = secrets.join("url");
    for (variable, expected) in [
        (None, "u@h/folder"),
        (Some("DATABASE_URL_FILE"), "u@h/named"),
        (Some("PROBITY_DATABASE_URL_FILE"), "u@h/named"),
    ] {
        let mut command = place.command(&["config"]);
        command.env("CREDENTIALS_DIRECTORY", folder);
        command.envs(variable.map(|variable| (variable, &url)));
        let shown = run(command, "").expect(0).out;
        assert!(shown.contains(expected) && !shown.contains("hush"), "{shown}");
    }
    fs::write(&url, "\n").unwrap();
    let mut empty = place.command(&["config"]);
    empty.env("DATABASE_URL_FILE", &url);
    assert!(run(empty, "").expect(2).err.contains("is empty"));
    // A misspelt name is told with what it may mean.
    let mut misspelt = place.command(&["config"]);
    misspelt.env("PROBITY_LISEN", "x");
    let err = run(misspelt, "").expect(2).err;
    assert!(err.contains("did you mean PROBITY_LISTEN?"), "{err}");
}

/// The table of settings in docs/limits.md, tried at both ends of every bound, and one beyond.
#[test]
fn numbers_hold_at_the_bounds_that_are_documented() {
    let text = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/limits.md")).unwrap();
    let number = |text: &str| text.trim().replace(',', "").parse::<u64>().ok();
    let quoted = |cell: &str| cell.trim().trim_matches('`').to_owned();
    let case = Case::new(&[]);
    let found = case.run(&[]).expect(0).json();
    let mut numbers: Vec<String> = Vec::new();
    for setting in found["settings"].as_array().unwrap() {
        if setting["value"].is_u64() {
            numbers.push(setting["key"].as_str().unwrap().to_owned());
        }
    }
    assert!(numbers.len() > 15, "{numbers:?}");
    let settings = text.split("\n## Settings\n").nth(1).unwrap();
    for line in settings.lines().filter(|line| line.starts_with("| `")) {
        let cells: Vec<&str> = line.split('|').collect();
        let Some((min, max)) = cells[3].split(';').next().unwrap().split_once(" to ") else {
            continue;
        };
        let (Some(min), Some(max)) = (number(min), number(max.split('(').next().unwrap())) else {
            continue;
        };
        let (key, variable) = (quoted(cells[1]), quoted(cells[4]));
        let position = numbers.iter().position(|name| *name == key);
        numbers.remove(position.unwrap_or_else(|| panic!("{key} is no number, or is there twice")));
        let ran = |value: u64| {
            let mut command = bare(&case.place.path(""));
            command.env(&variable, value.to_string());
            command.args(["--output", "json", "config"]);
            run(command, "")
        };
        for edge in [min, max] {
            let found = ran(edge).expect(0).json();
            let all = found["settings"].as_array().unwrap();
            let setting = all.iter().find(|setting| setting["key"] == key.as_str()).unwrap();
            assert_eq!(setting["value"], edge, "{key}");
        }
        for beyond in [min.checked_sub(1), Some(max + 1)].into_iter().flatten() {
            let error = ran(beyond).expect(2).error();
            assert_eq!(error["code"], "config", "{error}");
            assert!(error["message"].as_str().unwrap().contains(&key), "{error}");
        }
    }
    assert_eq!(numbers, Vec::<String>::new(), "these are not documented");
}
