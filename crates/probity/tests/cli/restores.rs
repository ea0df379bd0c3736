//! Backups brought back, as somebody does whose database is gone.

use std::fs;
use std::process::Stdio;

use serde_json::Value;

use crate::harness::{Place, both, on_both};

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
            "the backup has {entries} entries, {} are remembered: the last 1 would be lost",
            entries + 1
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
            restored += u64::from(!found["items"].as_array().is_none_or(Vec::is_empty));
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
