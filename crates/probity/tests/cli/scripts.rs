//! The scripts for cron, as cron runs them.

use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;

use serde_json::Value;
use store::db::Location;

use crate::harness::{Place, Ran, bare, both, by_way_of, on_both, run};

/// Runs a script of `deploy/cron`, which finds the program in its path.
fn script(place: &Place, name: &str, args: &[&str], envs: &[(&str, &str)]) -> Ran {
    let path = format!("{}/../../deploy/cron/{name}", env!("CARGO_MANIFEST_DIR"));
    let mut shell = Command::new("sh");
    let with_path = format!(r#"PATH=$(dirname "$0"):$PATH exec '{path}' "$@""#);
    shell.args(["-c", &with_path]);
    let mut program = bare(&place.path(""));
    program.args(args).env("PROBITY_DATA_DIR", "data");
    program
        .env("PROBITY_BACKUP_PATH", "backups")
        .envs(envs.iter().copied());
    if let Location::Postgres(url) = place.location() {
        program.env("DATABASE_URL", url);
    }
    run(by_way_of(shell, &program), "")
}

#[test]
fn one_step_sets_up_and_may_be_repeated() {
    for place in both() {
        let ran = script(&place, "probity-setup", &["admin.json"], &[]).expect(0);
        assert_eq!((&*ran.out, &*ran.err), ("", ""));
        let file = place.path("admin.json");
        let permissions = std::fs::metadata(&file).unwrap().permissions();
        assert_eq!(permissions.mode() & 0o777, 0o600);
        let made: Value = serde_json::from_str(&std::fs::read_to_string(&file).unwrap()).unwrap();
        let password = made["first_admin"]["password"].as_str().unwrap();
        assert!(place.log_in("admin", password).is_ok());
        // Who was told once is not told again, and nothing is written over.
        script(&place, "probity-setup", &["again.json"], &[]).expect(0);
        assert!(!place.path("again.json").exists());
        let printed = script(&place, "probity-setup", &[], &[]).expect(0).json();
        assert_eq!(printed["first_admin"], Value::Null);
        script(&place, "probity-setup", &["a", "b"], &[]).expect(2);
        let nowhere = [("PROBITY_DATA_DIR", "admin.json/below")];
        script(&place, "probity-setup", &[], &nowhere).expect(2);
    }
}

#[test]
fn a_backup_is_written_read_again_and_says_nothing() {
    on_both(|place| {
        let count = || {
            let listed = place.json(&["db", "list-backups", "--path", "backups"]);
            listed["backups"].as_array().unwrap().len()
        };
        for expected in 1..=2 {
            let ran = script(place, "probity-backup", &[], &[]).expect(0);
            assert_eq!((&*ran.out, &*ran.err, count()), ("", "", expected));
            place.append(&["--actor", "user:ann", "--action", "order.cancel"]);
        }
        // Another one is under way.
        let lock = std::fs::File::open(place.path("data/backup.lock")).unwrap();
        lock.lock().unwrap();
        let ran = script(place, "probity-backup", &[], &[]).expect(0);
        assert!(ran.err.contains("under way"), "{ran:?}");
        lock.unlock().unwrap();
        assert_eq!(count(), 2);
        let no_folder = [("PROBITY_BACKUP_PATH", "data/backup.lock/below")];
        script(place, "probity-backup", &[], &no_folder).expect(2);
        place.by_hand("UPDATE users SET role = 'user'");
        script(place, "probity-backup", &[], &[]).expect(1);
        assert_eq!(count(), 2);
    });
}
