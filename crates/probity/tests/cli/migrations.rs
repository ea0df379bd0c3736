//! The schema, one migration forward and back.

use serde_json::Value;

use crate::harness::{Place, Ran, on_both, run};
use crate::server::Server;

fn in_production(place: &Place, args: &[&str], backups: &str) -> Ran {
    let mut command = place.command(args);
    command
        .env("PROBITY_ENV", "production")
        .env("PROBITY_BACKUP_PATH", backups);
    run(command, "")
}

/// Rolls back as soon as the server of the database has heard that those who worked with it have ended.
fn rollback(place: &Place) -> Ran {
    for _ in 0..100 {
        let ran = place.run(&["--output", "json", "db", "rollback"]);
        if ran.code != 2 {
            return ran;
        }
    }
    panic!("somebody works with the database");
}

#[test]
fn one_step_back_and_forward() {
    on_both(|place| {
        let known = place.json(&["db", "status"])["known"].clone();
        let server = Server::start(place, &[]);
        let refused = place.refused(2, &["db", "rollback"]);
        assert!(
            refused["hint"].as_str().unwrap().contains("stop the server"),
            "{refused}"
        );
        assert_eq!(server.stop("-TERM").0, Some(0));
        let undone = rollback(place).expect(0).json();
        assert_eq!(undone["undone"]["version"], known);
        let ran = place.run(&["db", "status"]).expect(1);
        assert!(ran.out.lines().last().unwrap().contains("pending"), "{ran:?}");
        // Nothing else works with that schema.
        place.run(&["user", "list"]).expect(2);
        let out = place.narrow(&["db", "migrate"]);
        assert!(
            out.contains(&format!("The schema is at migration {known}.")),
            "{out}"
        );
        assert!(place.narrow(&["db", "migrate"]).contains("Nothing was missing"));
        place.narrow(&["db", "status"]);
        place.run(&["audit", "verify"]).expect(0);
    });
}

#[test]
fn production_wants_a_backup_of_all_entries_first() {
    on_both(|place| {
        let folder = place.path("backups");
        let backups = folder.to_str().unwrap();
        place.run(&["db", "backup", "--to", backups]).expect(0);
        place.append(&["--actor", "user:al", "--action", "x"]);
        rollback(place).expect(0);
        for backups in [backups, ""] {
            let ran = in_production(place, &["db", "migrate"], backups).expect(1);
            assert!(
                ran.err.contains("newest backup") && ran.err.contains("--no-backup"),
                "{ran:?}"
            );
        }
        in_production(place, &["db", "migrate", "--no-backup"], "").expect(0);
        place.run(&["db", "backup", "--to", backups]).expect(0);
        rollback(place).expect(0);
        in_production(place, &["db", "migrate"], backups).expect(0);
        place.run(&["audit", "verify"]).expect(0);
    });
}

#[test]
fn what_rows_hold_is_named_and_stays() {
    on_both(|place| {
        place.run(&["db", "seed"]).expect(0);
        let refused = loop {
            let ran = rollback(place);
            if ran.code != 0 {
                break ran.expect(1).error();
            }
        };
        assert_eq!(refused["code"], "would_lose");
        let message = refused["message"].as_str().unwrap();
        assert!(
            message.starts_with("execution_days holds something in "),
            "{message}"
        );
        place.run(&["db", "migrate"]).expect(0);
        place.run(&["audit", "verify"]).expect(0);
        let users = place.json(&["user", "list"]);
        assert_eq!(users["users"].as_array().map_or(0, Vec::len), 5, "{users}");
        let _: Value = place.json(&["db", "check"]);
    });
}
