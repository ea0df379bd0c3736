use proptest::prelude::*;

use super::*;
use crate::format::{FORMAT, Manifest};

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn backup(snapshot_at: Timestamp) -> Sidecar {
    let manifest = Manifest {
        format: FORMAT,
        program: String::new(),
        schema: 1,
        engine: String::new(),
        origin: "log".to_owned(),
        key: String::new(),
        began: snapshot_at,
        even_tampered: false,
    };
    Sidecar {
        format: FORMAT,
        file: snapshot_at.to_string(),
        bytes: 0,
        sha256: String::new(),
        encrypted: None,
        manifest,
        checkpoint: String::new(),
        entries: 0,
        tables: std::collections::BTreeMap::new(),
        snapshot_at,
        verified_at: None,
    }
}

/// One a day at 02:00, the newest first.
fn nightly(newest: &str, count: i64) -> Vec<Sidecar> {
    let newest = at(newest);
    (0..count)
        .map(|days| backup(newest.plus_seconds(-86_400 * days)))
        .collect()
}

const NOW: &str = "2026-11-28T12:00:00Z";
const NEWEST: &str = "2026-11-28T02:00:00Z";

const NONE: Retention = Retention {
    last: 0,
    days: 0,
    daily: 0,
    weekly: 0,
    monthly: 0,
};

/// Days of those that stay.
fn stay(backups: &[Sidecar], keep: Retention) -> Vec<String> {
    let go: BTreeSet<_> = to_go(backups, &keep, at(NOW))
        .unwrap()
        .iter()
        .map(|backup| backup.file.clone())
        .collect();
    let stay = backups.iter().filter(|backup| !go.contains(&backup.file));
    stay.map(|backup| backup.file[..10].to_owned()).collect()
}

#[test]
fn what_stays_is_what_is_asked_for() {
    let backups = nightly(NEWEST, 100);
    for (keep, expected) in [
        (NONE, &["2026-11-28", "2026-11-27", "2026-11-26"][..]),
        (
            Retention { last: 4, ..NONE },
            &["2026-11-28", "2026-11-27", "2026-11-26", "2026-11-25"],
        ),
        (
            Retention { days: 3, ..NONE },
            &["2026-11-28", "2026-11-27", "2026-11-26"],
        ),
        (
            Retention { days: 4, ..NONE },
            &["2026-11-28", "2026-11-27", "2026-11-26", "2026-11-25"],
        ),
        (
            Retention { daily: 5, ..NONE },
            &[
                "2026-11-28",
                "2026-11-27",
                "2026-11-26",
                "2026-11-25",
                "2026-11-24",
            ],
        ),
        // 2026-11-28 is a Saturday: the weeks before end on Sundays.
        (
            Retention { weekly: 3, ..NONE },
            &[
                "2026-11-28",
                "2026-11-27",
                "2026-11-26",
                "2026-11-22",
                "2026-11-15",
            ],
        ),
        (
            Retention { monthly: 3, ..NONE },
            &[
                "2026-11-28",
                "2026-11-27",
                "2026-11-26",
                "2026-10-31",
                "2026-09-30",
            ],
        ),
    ] {
        assert_eq!(stay(&backups, keep), expected, "{keep:?}");
    }
    // Of a day with several, the newest stays; days without one do not count.
    let mut rare = nightly(NEWEST, 1);
    rare.extend(nightly("2026-11-28T01:00:00Z", 1));
    rare.extend(nightly("2026-11-28T00:30:00Z", 1));
    rare.extend(nightly("2026-11-20T09:00:00Z", 1));
    rare.extend(nightly("2026-11-20T08:00:00Z", 1));
    rare.extend(nightly("2026-11-01T08:00:00Z", 1));
    let days = stay(&rare, Retention { daily: 2, ..NONE });
    assert_eq!(days, ["2026-11-28", "2026-11-28", "2026-11-28", "2026-11-20"]);
}

#[test]
fn the_newest_that_was_verified_and_the_newest_sound_one_stay() {
    let mut backups = nightly(NEWEST, 10);
    backups[6].verified_at = Some(at(NOW));
    backups[8].verified_at = Some(at(NOW));
    backups[..5]
        .iter_mut()
        .for_each(|backup| backup.manifest.even_tampered = true);
    assert_eq!(
        stay(&backups, NONE),
        [
            "2026-11-28",
            "2026-11-27",
            "2026-11-26",
            "2026-11-23",
            "2026-11-22"
        ]
    );
}

#[test]
fn a_clock_that_is_a_day_off_stops_it() {
    let backups = nightly(NEWEST, 10);
    for (now, stops) in [
        ("2026-11-29T02:00:00Z", false),
        ("2026-11-29T02:00:00.000001Z", true),
        ("2026-11-27T02:00:00Z", false),
        ("2026-11-27T01:59:59.999999Z", true),
    ] {
        assert_eq!(to_go(&backups, &NONE, at(now)).is_err(), stops, "{now}");
    }
    assert_eq!(to_go(&[], &NONE, at(NOW)), Ok(Vec::new()));
}

proptest! {
    #[test]
    fn enough_stays_whatever_is_asked_for(
        ages in prop::collection::vec(0_i64..800 * 86_400, 0..40), verified in any::<u64>(), tampered in any::<u64>(),
        (last, days, daily, weekly, monthly) in (0_u64..6, 0_u64..40, 0_u64..8, 0_u64..8, 0_u64..8),
    ) {
        let keep = Retention { last, days, daily, weekly, monthly };
        let newest = at(NEWEST);
        let mut ages = ages;
        ages.push(0);
        ages.sort_unstable();
        let mut backups: Vec<_> = ages.iter().map(|age| backup(newest.plus_seconds(-age))).collect();
        for (place, backup) in backups.iter_mut().enumerate() {
            backup.file = place.to_string();
            backup.verified_at = (verified >> place & 1 == 1).then_some(newest);
            backup.manifest.even_tampered = tampered >> place & 1 == 1;
        }
        let go = to_go(&backups, &keep, at(NOW)).unwrap();
        let goes = |backup: &Sidecar| go.iter().any(|one| one.file == backup.file);
        prop_assert!(backups.len() - go.len() >= backups.len().min(3));
        let newest_verified = backups.iter().find(|backup| backup.verified_at.is_some());
        prop_assert!(!newest_verified.is_some_and(goes));
        let newest_sound = backups.iter().find(|backup| !backup.manifest.even_tampered);
        prop_assert!(!newest_sound.is_some_and(goes));
        prop_assert!(backups.iter().take(usize::try_from(last).unwrap()).all(|backup| !goes(backup)));
        let young = |backup: &&Sidecar| at(NOW).micros() - backup.snapshot_at.micros() <= days.cast_signed() * DAY;
        prop_assert!(backups.iter().filter(young).all(|backup| !goes(backup)));
        // What stays is not less where more is asked for.
        let more = Retention { daily: daily + 1, ..keep };
        prop_assert!(to_go(&backups, &more, at(NOW)).unwrap().iter().all(|backup| goes(backup)));
    }
}
