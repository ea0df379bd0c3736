//! Each check finds what it is for, and nothing where all is well.

use std::collections::BTreeMap;

use backup::format::Sidecar;
use engine::HealthCheck;
use engine::database::Vitals;
use engine::disk::Room;
use engine::verify::LastVerified;
use evidence::Timestamp;
use serde_json::json;

use super::checks::{CHECKS, Verdict};
use super::facts::{Admins, Backups, Facts};

fn now() -> Timestamp {
    Timestamp::from_micros(1_800_000_000_000_000).unwrap()
}

fn days_ago(days: i64) -> Timestamp {
    now().plus_seconds(-days * 24 * 3_600)
}

fn health(name: &'static str, ok: bool) -> HealthCheck {
    HealthCheck {
        name,
        ok,
        code: None,
        detail: "it is as it is".to_owned(),
    }
}

fn sidecar(at: Timestamp, verified: Option<Timestamp>) -> Sidecar {
    let text = json!({
        "format": 1, "file": "probity-x.tar.zst", "bytes": 1, "sha256": "", "encrypted": null,
        "manifest": {
            "format": 1, "program": "probity", "schema": 1, "engine": "sqlite", "origin": "x", "key": "x",
            "began": at,
        },
        "checkpoint": "", "entries": 1, "tables": {}, "snapshot_at": at, "verified_at": verified,
    });
    serde_json::from_value(text).unwrap()
}

fn backups(at: Timestamp, verified: Option<Timestamp>, beside: bool) -> Backups {
    Backups::Of {
        newest: Some(Box::new(sidecar(at, verified))),
        count: 7,
        beside,
    }
}

fn setting(facts: &mut Facts, name: &str, value: &str) {
    let vitals = facts.vitals.as_mut().unwrap();
    vitals.settings.insert(name.to_owned(), value.to_owned());
}

/// An installation in production where all is well.
fn well() -> Facts {
    let settings = [
        ("autovacuum", "on"),
        ("fsync", "on"),
        ("full_page_writes", "on"),
        ("max_connections", "100"),
        ("server_version_num", "150018"),
        ("superuser_reserved_connections", "3"),
        ("synchronous_commit", "on"),
        ("synchronous_standby_names", ""),
    ];
    let settings: BTreeMap<_, _> = settings
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into();
    Facts {
        now: now(),
        production: true,
        problem: None,
        schema: Some((Vec::new(), Vec::new())),
        health: ["database", "log", "storage", "clock"]
            .map(|name| health(name, true))
            .into(),
        guarded: true,
        verified: Some(LastVerified {
            at: days_ago(1),
            origin: "x".to_owned(),
            size: 1_000,
            findings: 0,
            found: Vec::new(),
        }),
        backups: backups(days_ago(1), Some(days_ago(1)), false),
        key_mode: Some(0o600),
        key_exported: Some(days_ago(300)),
        folder_mode: Some(0o700),
        vitals: Some(Vitals {
            bytes: 1,
            settings,
            follows: false,
            followers: 0,
        }),
        is_server: true,
        pool_max: 30,
        overheard: false,
        network: None,
        room: Some(Room {
            free: 500 << 30,
            whole: 1_000 << 30,
        }),
        wal_bytes: Some(0),
        open_files: Some(65_536),
        admins: Some(Admins {
            active: 2,
            first_password: 0,
            one_factor: 0,
        }),
        certificate: Some(Ok(days_ago(-60))),
        plain: None,
    }
}

/// What makes a check fire, and whether that has weight.
type Fires = (&'static str, bool, fn(&mut Facts));

const FIRES: &[Fires] = &[
    ("database", true, |facts| {
        facts.problem = Some(("no".into(), "do".into()));
    }),
    ("schema", true, |facts| {
        facts.schema = Some((vec!["index x is missing".into()], Vec::new()));
    }),
    ("foreign objects", false, |facts| {
        facts.schema = Some((Vec::new(), vec!["view mine".into()]));
    }),
    ("log", true, |facts| facts.health[1].ok = false),
    ("storage", true, |facts| facts.health[2].ok = false),
    ("clock", true, |facts| facts.health[3].ok = false),
    ("rollback guard", false, |facts| facts.guarded = false),
    ("verified", false, |facts| facts.verified = None),
    ("verified", false, |facts| {
        facts.verified.as_mut().unwrap().at = days_ago(8);
    }),
    ("verified", true, |facts| {
        facts.verified.as_mut().unwrap().findings = 1;
    }),
    ("backup", true, |facts| facts.backups = Backups::Nowhere),
    ("backup", true, |facts| {
        facts.backups = Backups::Unreadable("no such folder".into());
    }),
    ("backup", true, |facts| {
        facts.backups = backups(days_ago(2), Some(days_ago(1)), false);
    }),
    ("backup", true, |facts| {
        facts.backups = Backups::Of {
            newest: None,
            count: 0,
            beside: false,
        };
    }),
    ("backup checked", false, |facts| {
        facts.backups = backups(days_ago(1), None, false);
    }),
    ("backup checked", false, |facts| {
        facts.backups = backups(days_ago(1), Some(days_ago(31)), false);
    }),
    ("backup apart", true, |facts| {
        facts.backups = backups(days_ago(1), Some(days_ago(1)), true);
    }),
    ("signing key", true, |facts| facts.key_mode = Some(0o640)),
    ("signing key elsewhere", true, |facts| facts.key_exported = None),
    ("data folder", true, |facts| facts.folder_mode = Some(0o770)),
    ("data folder", false, |facts| facts.folder_mode = Some(0o755)),
    ("file system", true, |facts| {
        (facts.is_server, facts.network) = (false, Some("NFS"));
    }),
    ("disk", true, |facts| {
        facts.room = Some(Room {
            free: 511 << 20,
            whole: 1 << 30,
        });
    }),
    ("disk", false, |facts| {
        facts.room = Some(Room {
            free: 99 << 30,
            whole: 1_000 << 30,
        });
    }),
    ("write-ahead log", false, |facts| {
        facts.wal_bytes = Some((1 << 30) + 1);
    }),
    ("open files", true, |facts| facts.open_files = Some(1_023)),
    ("open files", false, |facts| facts.open_files = Some(4_095)),
    ("fsync", true, |facts| setting(facts, "fsync", "off")),
    ("fsync", true, |facts| setting(facts, "full_page_writes", "off")),
    ("commits", true, |facts| {
        setting(facts, "synchronous_commit", "off");
    }),
    ("standbys", true, |facts| {
        facts.vitals.as_mut().unwrap().follows = true;
    }),
    ("standbys", false, |facts| {
        facts.vitals.as_mut().unwrap().followers = 1;
    }),
    ("connections", true, |facts| facts.pool_max = 95),
    ("connections", false, |facts| facts.pool_max = 46),
    ("vacuum", false, |facts| setting(facts, "autovacuum", "off")),
    ("server version", false, |facts| {
        setting(facts, "server_version_num", "140011");
    }),
    ("database traffic", true, |facts| facts.overheard = true),
    ("certificate", true, |facts| facts.certificate = Some(Ok(now()))),
    ("certificate", true, |facts| {
        facts.certificate = Some(Ok(days_ago(-4)));
    }),
    ("certificate", false, |facts| {
        facts.certificate = Some(Ok(days_ago(-20)));
    }),
    ("certificate", true, |facts| {
        facts.certificate = Some(Err("no PEM".into()));
    }),
    ("plain text", true, |facts| {
        facts.plain = Some("0.0.0.0:8080".into());
    }),
    ("first password", true, |facts| {
        facts.admins.as_mut().unwrap().first_password = 1;
    }),
    ("second factor", true, |facts| {
        facts.admins.as_mut().unwrap().one_factor = 1;
    }),
    ("admins", true, |facts| facts.admins.as_mut().unwrap().active = 1),
];

/// Checks that are not good, with whether they have weight.
fn findings(facts: &Facts) -> Vec<(&'static str, bool)> {
    let found = CHECKS.iter().filter_map(|check| match (check.look)(facts) {
        Verdict::Minor(detail, remedy) | Verdict::Major(detail, remedy)
            if detail.is_empty() || remedy.is_empty() =>
        {
            panic!("{} says nothing", check.name)
        }
        Verdict::Minor(..) => Some((check.name, false)),
        Verdict::Major(..) => Some((check.name, true)),
        Verdict::Good(_) | Verdict::NotChecked(_) => None,
    });
    found.collect()
}

#[test]
fn each_check_finds_what_it_is_for() {
    assert_eq!(findings(&well()), []);
    for (name, weight, spoil) in FIRES {
        let mut facts = well();
        spoil(&mut facts);
        assert_eq!(findings(&facts), [(*name, *weight)]);
    }
    for check in CHECKS {
        assert!(
            FIRES.iter().any(|(name, ..)| *name == check.name),
            "nothing makes {} fire",
            check.name
        );
    }
}

#[test]
fn the_last_that_is_good_is_good() {
    let good: [fn(&mut Facts); 6] = [
        |facts| facts.pool_max = 45,
        |facts| facts.open_files = Some(4_096),
        |facts| {
            facts.room = Some(Room {
                free: 100 << 30,
                whole: 1_000 << 30,
            });
        },
        |facts| facts.wal_bytes = Some(1 << 30),
        |facts| facts.certificate = Some(Ok(days_ago(-21))),
        |facts| {
            setting(facts, "synchronous_standby_names", "*");
            facts.vitals.as_mut().unwrap().followers = 2;
        },
    ];
    for better in good {
        let mut facts = well();
        better(&mut facts);
        assert_eq!(findings(&facts), []);
    }
}

#[test]
fn in_development_less_has_weight() {
    let mut facts = Facts {
        production: false,
        backups: Backups::Nowhere,
        ..well()
    };
    facts.admins.as_mut().unwrap().one_factor = 2;
    assert_eq!(findings(&facts), [("backup", false), ("second factor", false)]);
}

#[test]
fn what_cannot_be_opened_hides_nothing_else() {
    let facts = Facts {
        problem: Some(("it is locked".into(), "unlock it".into())),
        schema: None,
        health: Vec::new(),
        vitals: None,
        admins: None,
        key_exported: None,
        key_mode: Some(0o644),
        ..well()
    };
    assert_eq!(findings(&facts), [("database", true), ("signing key", true)]);
}
