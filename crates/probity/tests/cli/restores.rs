//! Backups brought back, as somebody does whose database is gone.

use std::fs;
use std::process::Stdio;

use serde_json::Value;

use crate::harness::{Place, both, on_both, run};
use crate::storage::{Full, large};

/// The path of a backup of what a place has.
fn back_up(place: &Place) -> (Value, String) {
    let folder = place.path("backups");
    let made = place.json(&["db", "backup", "--to", folder.to_str().unwrap()]);
    let file = folder.join(made["file"].as_str().unwrap());
    (made, file.to_str().unwrap().to_owned())
}

#[test]
fn a_backup_is_restored_on_another_machine_into_either_engine() {
    on_both(|place| {
        place.append(&["--actor", "user:al", "--action", "x"]);
        let (made, file) = back_up(place);
        let checked = place.json(&["db", "verify-backup", &file, "--full"]);
        assert_eq!(
            (&checked["entries"], &checked["verified"]["intact"]),
            (&made["entries"], &true.into())
        );
        for other in both() {
            let refused = other.refused(1, &["db", "restore", &file, "--reason", "new machine"]);
            assert_eq!(refused["code"], "no_signing_key", "{refused}");
            fs::create_dir_all(other.path("data")).unwrap();
            fs::copy(place.path("data/signing.key"), other.path("data/signing.key")).unwrap();
            let restored = other.json(&["db", "restore", "--file", &file, "--reason", "new machine"]);
            assert_eq!(restored["root"], checked["root"]);
            assert_eq!(
                (&restored["complete"], &restored["kept"]),
                (&true.into(), &Value::Null)
            );
            assert_eq!(other.json(&["audit", "verify"])["intact"], true);
            other.append(&["--actor", "user:al", "--action", "y"]);
        }
    });
}

#[test]
fn what_is_there_is_replaced_only_where_that_is_said() {
    on_both(|place| {
        let (made, file) = back_up(place);
        place.append(&["--actor", "user:al", "--action", "later"]);
        let entries = made["entries"].as_u64().unwrap();
        let refused = place.refused(1, &["db", "restore", &file, "--reason", "x"]);
        assert_eq!(refused["code"], "database_not_empty");
        let refused = place.refused(1, &["db", "restore", &file, "--reason", "x", "--replace"]);
        assert_eq!(refused["code"], "log_shorter");
        let message = format!(
            "the backup has {entries} entries, {} are remembered: the last 2 would be lost",
            entries + 2
        );
        assert_eq!(refused["message"], message.as_str());
        let ran = place
            .run(&["db", "restore", &file, "--reason", "x", "--replace", "--shorter"])
            .expect(0);
        assert!(
            ran.out.contains("It is not complete: ") && ran.out.contains("The old database is kept as "),
            "{}",
            ran.out
        );
        assert_eq!(place.json(&["audit", "verify"])["intact"], true);
        fs::write(&file, b"nothing").unwrap();
        let bad = place.refused(1, &["db", "verify-backup", &file]);
        assert_eq!(bad["code"], "bad_backup");
    });
}

/// Killed at any moment, a restore leaves the old log or the new one, whole.
#[test]
fn a_killed_restore_leaves_the_old_log_or_the_new_one() {
    on_both(|place| {
        place.append(&["--actor", "user:al", "--action", "x"]);
        let (_, file) = back_up(place);
        let mut restored = 0;
        for round in 0_u64..12 {
            let args = [
                "db",
                "restore",
                &file,
                "--reason",
                "killed",
                "--replace",
                "--shorter",
            ];
            let mut child = place
                .command(&args)
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn()
                .unwrap();
            // Later each time; not waited for, but chosen: whatever it does then must leave one of the two.
            std::thread::sleep(std::time::Duration::from_millis(round * round * 12));
            child.kill().unwrap();
            child.wait().unwrap();
            // A start takes over what the log itself says was given up.
            place.append(&["--actor", "user:al", "--action", "after"]);
            let report = place.json(&["audit", "verify"]);
            assert_eq!(report["intact"], true, "{report}");
            let found = place.json(&["audit", "list", "--action", "log.acknowledge_restore"]);
            restored += u64::from(!found["entries"].as_array().is_none_or(Vec::is_empty));
        }
        let last = place.json(&[
            "db",
            "restore",
            &file,
            "--reason",
            "whole",
            "--replace",
            "--shorter",
        ]);
        assert_eq!(
            place.json(&["audit", "verify"])["intact"],
            true,
            "after {restored}: {last}"
        );
    });
}

/// On a disk that is full before all is there, nothing is left but what was there before.
#[test]
fn a_full_disk_leaves_the_old_log() {
    on_both(|place| {
        let sqlite = matches!(place.location(), store::db::Location::Sqlite(_));
        let full = Full { place, sqlite };
        // More than a file may have.
        let many = format!("[{}]", vec![large(); 60].join(","));
        place
            .run_with(&["audit", "append", "--json", "-"], &many)
            .expect(0);
        let (made, file) = back_up(place);
        place.append(&["--actor", "user:al", "--action", "later"]);
        let args = [
            "db",
            "restore",
            &file,
            "--reason",
            "the disk broke",
            "--replace",
            "--shorter",
        ];
        if !sqlite {
            // What PostgreSQL says when it cannot extend a file, once entries are there.
            place.by_hand(
                "CREATE FUNCTION no_space() RETURNS event_trigger LANGUAGE plpgsql AS $$ DECLARE n bigint; BEGIN \
                 IF to_regclass('public_restoring.entries') IS NULL THEN RETURN; END IF; \
                 EXECUTE 'SELECT count(*) FROM public_restoring.entries' INTO n; IF n > 0 THEN \
                 RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = '53100'; END IF; END $$; \
                 CREATE EVENT TRIGGER no_space ON ddl_command_start EXECUTE FUNCTION no_space()",
            );
        }
        let failed = run(full.command(&args), "").expect(2).err;
        for expected in ["free some space", "do it again", "No database was harmed"] {
            assert!(failed.contains(expected), "{failed}");
        }
        if sqlite {
            assert!(!place.path("data/probity.db.restoring").exists());
        } else {
            place.by_hand("DROP EVENT TRIGGER no_space; DROP FUNCTION no_space()");
        }
        let report = place.json(&["audit", "verify"]);
        // With that of the backup itself.
        let entries = made["entries"].as_u64().unwrap() + 2;
        assert_eq!(
            (&report["intact"], &report["size"]),
            (&true.into(), &entries.into())
        );
        place.run(&args).expect(0);
        assert_eq!(place.json(&["audit", "verify"])["intact"], true);
    });
}

#[test]
fn a_reason_is_asked_for_and_bounded() {
    on_both(|place| {
        let (_, file) = back_up(place);
        for reason in [String::new(), "x".repeat(501)] {
            let refused = place.refused(1, &["db", "restore", &file, "--replace", "--reason", &reason]);
            assert_eq!(
                (&refused["code"], &refused["field"]),
                (&"invalid_field".into(), &"reason".into())
            );
        }
        let reason = "x".repeat(500);
        let restored = place.json(&[
            "db",
            "restore",
            &file,
            "--replace",
            "--shorter",
            "--reason",
            &reason,
        ]);
        let entry = restored["entry"].to_string();
        assert_eq!(
            place.json(&["audit", "show", &entry])["details"]["reason"],
            reason.as_str()
        );
    });
}

/// Where there is no database (the usual disaster), nobody makes one while the log is brought back.
#[test]
fn nobody_makes_a_database_where_one_is_restored() {
    on_both(|place| {
        let many = format!("[{}]", vec![large(); 60].join(","));
        place
            .run_with(&["audit", "append", "--json", "-"], &many)
            .expect(0);
        let (made, file) = back_up(place);
        for other in &both() {
            fs::create_dir_all(other.path("data")).unwrap();
            fs::copy(place.path("data/signing.key"), other.path("data/signing.key")).unwrap();
            let mut restore = other.command(&["db", "restore", &file, "--reason", "gone"]);
            let mut restore = restore.stdout(Stdio::null()).spawn().unwrap();
            if let store::db::Location::Sqlite(path) = other.location() {
                let made = path.with_extension("db.restoring");
                while !made.exists() && restore.try_wait().unwrap().is_none() {}
            } else {
                until_begun(other);
            }
            let init = other.run(&["--output", "json", "init"]);
            let status = restore.wait().unwrap();
            assert!(
                !init.out.contains("\"password\""),
                "it made another log: {init:?}"
            );
            assert!(status.success(), "{init:?}");
            let report = other.json(&["audit", "verify"]);
            let entries = made["entries"].as_u64().unwrap() + 1;
            assert_eq!(
                (&report["intact"], &report["size"]),
                (&true.into(), &entries.into())
            );
        }
    });
}

/// Waits until a restore on PostgreSQL is at work, seen from beside the place, which is not to be used.
fn until_begun(other: &Place) {
    let beside = store::Settings {
        schema: Some("pg_catalog".to_owned()),
        ..store::Settings::new(other.location())
    };
    let begun = "SELECT 1 FROM pg_namespace WHERE nspname LIKE '%_restoring'";
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let has_begun = async || {
        let db = store::Db::new(beside.clone()).unwrap();
        // The database is made first.
        let Ok(mut conn) = db.writer().await else {
            return false;
        };
        !conn.all(begun, &[]).await.unwrap().is_empty()
    };
    while !runtime.block_on(has_begun()) {}
}

/// A new machine that has the key in its environment, and a database that another user of the machine owns.
#[test]
fn what_is_restored_is_as_what_was_there() {
    use std::os::unix::fs::PermissionsExt as _;
    let place = &both()[0];
    place.run(&["init"]).expect(0);
    let (_, file) = back_up(place);
    let path = place.path("data/probity.db");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    place
        .run(&[
            "db",
            "restore",
            &file,
            "--reason",
            "a drill",
            "--replace",
            "--shorter",
        ])
        .expect(0);
    let mode = fs::metadata(&path).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    for other in both() {
        let mut command = other.command(&["db", "restore", &file, "--reason", "new machine"]);
        command.env(
            "PROBITY_SIGNING_KEY",
            fs::read_to_string(place.path("data/signing.key")).unwrap().trim(),
        );
        run(command, "").expect(0);
        assert!(other.path("data/log.guard").exists());
    }
}

/// A backup that lies elsewhere alone: what was erased since is told where backups are kept.
#[test]
fn what_was_erased_is_looked_for_where_backups_are_kept() {
    on_both(|place| {
        let entry = place.append(&[
            "--actor",
            "user:al",
            "--action",
            "x",
            "--details",
            r#"{"secret":"Zoe"}"#,
        ]);
        let (_, file) = back_up(place);
        let elsewhere = place.path("copy");
        fs::create_dir(&elsewhere).unwrap();
        let copy = elsewhere.join(std::path::Path::new(&file).file_name().unwrap());
        for end in ["", ".json"] {
            fs::copy(format!("{file}{end}"), format!("{}{end}", copy.display())).unwrap();
        }
        let index = entry["index"].to_string();
        place
            .run(&["audit", "erase", &index, "--reason", "asked for", "--yes"])
            .expect(0);
        back_up(place);
        let args = [
            "--output",
            "json",
            "db",
            "restore",
            copy.to_str().unwrap(),
            "--reason",
            "x",
            "--replace",
            "--shorter",
        ];
        let mut command = place.command(&args);
        command.env("PROBITY_BACKUP_PATH", place.path("backups"));
        let restored = run(command, "").expect(0).json();
        assert_eq!(restored["erased_again"]["entries"], 1, "{restored}");
    });
}
