//! What `probity doctor` finds in real installations, and `probity status` beside it.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use serde_json::Value;

use crate::harness::{Place, both, on_both, run, sqlite};

/// The findings: name, state.
fn findings(place: &Place, envs: &[(&str, &str)]) -> (i32, Vec<(String, String)>) {
    let mut command = place.command(&["--output", "json", "doctor"]);
    command.envs(envs.iter().copied());
    let ran = run(command, "");
    let shown = ran.json();
    let checks = shown["checks"].as_array().unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let found = checks
        .iter()
        .map(|check| (text(&check["name"]), text(&check["state"])));
    let found = found.filter(|(_, state)| state == "minor" || state == "major");
    (ran.code, found.collect())
}

/// Whether a check found something of this weight.
fn finds(found: &(i32, Vec<(String, String)>), name: &str, state: &str) -> bool {
    found.1.iter().any(|(one, other)| one == name && other == state)
}

fn set_mode(path: &std::path::Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

#[test]
fn a_new_installation_has_nothing_of_weight_but_what_is_said() {
    on_both(|place| {
        // The tests' own server has fsync off, for speed, and that has weight.
        let is_server = matches!(place.location(), store::db::Location::Postgres(_));
        let out = place.run(&["doctor"]).expect(i32::from(is_server)).out;
        let wide = |line: &&str| line.chars().count() > 80;
        assert_eq!(out.lines().find(wide), None);
        for expected in [
            "✓ database",
            "! backup",
            "→ set backup.path",
            "! verified",
            if is_server {
                "✗ 1 finding of weight"
            } else {
                "✓ nothing of weight"
            },
        ] {
            assert!(out.contains(expected), "{expected}: {out}");
        }
        set_mode(&place.path("data"), 0o700);
        place.run(&["audit", "verify"]).expect(0);
        let backups = place.path("backups");
        let in_place = [("PROBITY_BACKUP_PATH", backups.to_str().unwrap())];
        place.run(&["db", "backup", "--to", in_place[0].1]).expect(0);
        let found = findings(place, &in_place);
        assert_eq!(found.0, i32::from(is_server), "{found:?}");
        for gone in ["verified", "backup", "data folder"] {
            assert!(!found.1.iter().any(|(name, _)| name == gone), "{gone}: {found:?}");
        }
        assert!(finds(&found, "backup checked", "minor"), "{found:?}");
        // Elsewhere in production, where more has weight.
        let found = findings(place, &[in_place[0], ("PROBITY_ENV", "production")]);
        assert_eq!(found.0, 1, "{found:?}");
        assert!(finds(&found, "second factor", "major"), "{found:?}");
    });
}

#[test]
fn what_is_wrong_is_found() {
    on_both(|place| {
        let data = place.path("data");
        set_mode(&engine::keyfile::path(&data), 0o644);
        set_mode(&data, 0o777);
        place.by_hand("CREATE TABLE mine (x integer)");
        place.by_hand("ALTER TABLE metrics RENAME COLUMN unit TO units");
        fs::remove_file(engine::guard::path(&data)).unwrap();
        let certificate = testkit::Authority::new().signed_once(&["localhost"]).certificate;
        fs::write(place.path("old.pem"), certificate).unwrap();
        let found = findings(
            place,
            &[
                ("PROBITY_HTTP_TLS_CERT", "old.pem"),
                ("PROBITY_BACKUP_PATH", "/dev/null/nowhere"),
                ("PROBITY_DATABASE_POOL_MAX", "1000"),
            ],
        );
        assert_eq!(found.0, 1);
        for (name, state) in [
            ("signing key", "major"),
            ("data folder", "major"),
            ("foreign objects", "minor"),
            ("schema", "major"),
            ("rollback guard", "minor"),
            ("certificate", "major"),
            ("backup", "major"),
            ("first password", "minor"),
            ("admins", "minor"),
        ] {
            assert!(finds(&found, name, state), "{name}: {found:?}");
        }
        let is_server = matches!(place.location(), store::db::Location::Postgres(_));
        assert_eq!(finds(&found, "connections", "major"), is_server);
        // The tests' own server does without, for speed.
        assert_eq!(finds(&found, "fsync", "major"), is_server, "{found:?}");
        let open = findings(place, &[("PROBITY_LISTEN", "0.0.0.0:8080")]);
        assert!(finds(&open, "plain text", "major"), "{open:?}");
    });
}

#[test]
fn what_cannot_be_opened_is_a_finding() {
    for place in both() {
        let found = findings(&place, &[]);
        assert_eq!(found.0, 1, "{found:?}");
        assert!(finds(&found, "database", "major"), "{found:?}");
        assert!(!place.path("data").exists(), "looking makes nothing");
    }
    let place = sqlite();
    place.run(&["init"]).expect(0);
    fs::remove_file(engine::keyfile::path(&place.path("data"))).unwrap();
    let found = findings(&place, &[]);
    assert!(finds(&found, "database", "major") && found.0 == 1, "{found:?}");
}

#[test]
fn status_tells_of_verification_backups_and_disk() {
    on_both(|place| {
        let out = place.run(&["status"]).expect(0).out;
        for expected in ["Last verify", "never from here", "Backups", "nowhere", "Disk"] {
            assert!(out.contains(expected), "{expected}: {out}");
        }
        place.run(&["audit", "verify"]).expect(0);
        let backups = place.path("backups");
        let to = backups.to_str().unwrap();
        place.run(&["db", "backup", "--to", to]).expect(0);
        let signed = testkit::Authority::new().signs(&["localhost"]);
        fs::write(place.path("cert.pem"), signed.certificate).unwrap();
        fs::write(place.path("key.pem"), signed.key).unwrap();
        let mut command = place.command(&["--output", "json", "status"]);
        command
            .env("PROBITY_BACKUP_PATH", to)
            .env("PROBITY_HTTP_TLS_CERT", "cert.pem")
            .env("PROBITY_HTTP_TLS_KEY", "key.pem");
        let shown = run(command, "").expect(0).json();
        assert_eq!(
            (&shown["verified"]["findings"], &shown["backups"]["count"]),
            (&0.into(), &1.into())
        );
        assert!(shown["disk"]["free"].as_u64().unwrap() > 0, "{shown}");
        assert!(
            shown["certificate"]["good_until"].as_str().unwrap() > "2027",
            "{shown}"
        );
    });
}
