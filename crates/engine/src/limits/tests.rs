//! Counting in memory, without a database.

use evidence::Timestamp;
use store::db::{Location, Settings};

use crate::clock::Clock;

use super::{LimitStats, Limits, Quota, SUBJECTS_MAX, Taken};

const FIVE: Quota = Quota {
    per_window: 5,
    width_s: 60,
};

fn limits() -> Limits {
    let nowhere = Location::Sqlite("/nonexistent/probity.db".into());
    Limits::new(
        store::Db::new(Settings::new(nowhere)).unwrap(),
        None,
        Clock::system(),
    )
}

fn at_micros(micros: i64) -> Timestamp {
    Timestamp::from_micros(micros).unwrap()
}

fn at(seconds: i64) -> Timestamp {
    at_micros(seconds * 1_000_000)
}

fn taken(allowed: bool, remaining: u64, reset_s: u64) -> Taken {
    Taken {
        allowed,
        remaining,
        reset_s,
    }
}

#[test]
fn exactly_the_quota_in_each_window() {
    let limits = limits();
    for window in [600, 660, 6_000] {
        for number in 0..5 {
            assert_eq!(
                limits.take("key:a", FIVE, at(window)),
                taken(true, 4 - number, 60)
            );
        }
        for late in [0, 1, 30, 59] {
            let answer = limits.take("key:a", FIVE, at(window + late));
            assert_eq!(answer, taken(false, 0, 60 - late.unsigned_abs()));
        }
        let last = at_micros((window + 60) * 1_000_000 - 1);
        assert_eq!(limits.take("key:a", FIVE, last), taken(false, 0, 1));
    }
    assert_eq!(limits.take("key:b", FIVE, at(6_000)), taken(true, 4, 60));
    assert_eq!(limits.stats().refused["key"], 15);
}

#[test]
fn the_last_take_of_a_window_leaves_the_next_one_whole() {
    let limits = limits();
    let last = at_micros(659_999_999);
    for _ in 0..5 {
        assert!(limits.take("ip:a", FIVE, last).allowed);
    }
    assert_eq!(limits.take("ip:a", FIVE, last), taken(false, 0, 1));
    assert_eq!(limits.take("ip:a", FIVE, at(660)), taken(true, 4, 60));
    // One whose clock was read before the edge, and who comes after it, takes from the window that is open.
    assert_eq!(limits.take("ip:a", FIVE, last).remaining, 3);
    assert_eq!(limits.peek("ip:a", FIVE, at(660)), taken(true, 3, 60));
}

#[test]
fn a_clock_set_back_begins_anew() {
    let limits = limits();
    while limits.take("ip:a", FIVE, at(900_000)).allowed {}
    assert_eq!(limits.take("ip:a", FIVE, at(600)), taken(true, 4, 60));
}

#[test]
fn nothing_and_no_width() {
    let limits = limits();
    let none = Quota {
        per_window: 0,
        width_s: 60,
    };
    assert_eq!(limits.take("key:a", none, at(600)), taken(false, 0, 60));
    let narrow = Quota {
        per_window: 1,
        width_s: 0,
    };
    assert_eq!(limits.take("key:a", narrow, at(600)), taken(true, 0, 1));
    assert_eq!(limits.take("key:a", narrow, at(600)), taken(false, 0, 1));
    assert_eq!(limits.take("key:a", narrow, at(601)), taken(true, 0, 1));
}

#[test]
fn widths_are_counted_apart() {
    let limits = limits();
    let hourly = Quota {
        per_window: 7,
        width_s: 3_600,
    };
    while limits.take("user:a", FIVE, at(7_200)).allowed {}
    assert_eq!(limits.take("user:a", hourly, at(7_200)), taken(true, 6, 3_600));
}

#[test]
fn what_is_given_back_can_be_taken_again() {
    let limits = limits();
    limits.give_back("login:a", FIVE, at(600));
    for _ in 0..5 {
        assert!(limits.take("login:a", FIVE, at(600)).allowed);
    }
    assert!(!limits.take("login:a", FIVE, at(601)).allowed);
    limits.give_back("login:a", FIVE, at(602));
    assert_eq!(limits.peek("login:a", FIVE, at(603)), taken(true, 1, 57));
    assert!(limits.take("login:a", FIVE, at(603)).allowed);
    assert!(!limits.take("login:a", FIVE, at(604)).allowed);
    // A take of a window that is over is not undone in the next one.
    assert_eq!(limits.take("login:a", FIVE, at(660)).remaining, 4);
    limits.give_back("login:a", FIVE, at(604));
    assert_eq!(limits.peek("login:a", FIVE, at(660)).remaining, 4);
    for _ in 0..3 {
        limits.give_back("login:a", FIVE, at(660));
    }
    assert_eq!(
        limits.peek("login:a", FIVE, at(660)).remaining,
        5,
        "never below 0"
    );
    assert_eq!(limits.take("login:a", FIVE, at(660)).remaining, 4);
}

#[test]
fn peeking_counts_nothing() {
    let limits = limits();
    for _ in 0..10 {
        assert_eq!(limits.peek("key:a", FIVE, at(600)), taken(true, 5, 60));
    }
    while limits.take("key:a", FIVE, at(600)).allowed {}
    for _ in 0..10 {
        assert_eq!(limits.peek("key:a", FIVE, at(600)), taken(false, 0, 60));
    }
    assert_eq!(limits.stats().refused["key"], 1);
}

#[test]
fn many_threads_take_exactly_the_quota() {
    let limits = limits();
    let quota = Quota {
        per_window: 1_000,
        width_s: 60,
    };
    let take = || {
        (0..400)
            .filter(|_| limits.take("key:a", quota, at(600)).allowed)
            .count()
    };
    let allowed: usize = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(take)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    assert_eq!(allowed, 1_000);
    assert_eq!(limits.stats().refused["key"], 8 * 400 - 1_000);
}

#[test]
fn refusals_are_told_apart_by_a_bounded_number_of_kinds() {
    let limits = limits();
    let none = Quota {
        per_window: 0,
        width_s: 60,
    };
    for subject in ["key:a", "key:b:c", "login:x", "bare", ":empty", "login:y"] {
        limits.take(subject, none, at(600));
    }
    let refused = limits.stats().refused;
    let expected = [("key", 2), ("login", 2), ("other", 2)].map(|(kind, count)| (kind.to_owned(), count));
    assert_eq!(refused.into_iter().collect::<Vec<_>>(), expected);
    for kind in 0..10_000 {
        limits.take(&format!("{kind}:a"), none, at(600));
    }
    let refused = limits.stats().refused;
    assert!(refused.len() <= super::SHARDS * 33, "{}", refused.len());
    assert_eq!(refused.values().sum::<u64>(), 10_006);
}

#[test]
fn long_subjects_are_told_apart_and_kept_short() {
    let limits = limits();
    let long = "x".repeat(5_000_000);
    let subjects = [
        format!("login:{long}"),
        format!("login:{long}y"),
        "login:\0".to_owned(),
        "login:\0\0".to_owned(),
        long,
    ];
    for subject in &subjects {
        for left in (0..5).rev() {
            assert_eq!(limits.take(subject, FIVE, at(600)), taken(true, left, 60));
        }
        assert!(!limits.take(subject, FIVE, at(600)).allowed);
        assert!(super::bounded(subject).len() < 100);
    }
    let edge = format!("login:{}", "x".repeat(super::SUBJECT_BYTES_MAX - 6));
    assert_eq!(super::bounded(&edge), edge);
    assert_ne!(super::bounded(&format!("{edge}x")), format!("{edge}x"));
    assert_eq!(limits.stats().refused["login"], 4);
    assert_eq!(limits.stats().refused["other"], 1);
}

/// Beyond the bound, what is in the database already makes room, the longest unused first.
#[test]
fn subjects_beyond_the_bound_displace_those_unused_for_longest() {
    let limits = limits();
    limits.peek("key:old", FIVE, at(600));
    for number in 0..2 * SUBJECTS_MAX {
        limits.peek(&format!("ip:{number}"), FIVE, at(601));
        if number % 10 == 0 {
            assert!(limits.take("key:busy", FIVE, at(601)).allowed == (number < 50));
        }
    }
    let LimitStats {
        subjects, displaced, ..
    } = limits.stats();
    assert!(
        (SUBJECTS_MAX / 2..=SUBJECTS_MAX).contains(&subjects),
        "{subjects}"
    );
    assert_eq!(displaced, (2 * SUBJECTS_MAX + 2 - subjects) as u64);
    assert_eq!(limits.stats().uncounted, 0);
    assert!(!is_kept(&limits, "key:old") && is_kept(&limits, "key:busy"));
    // What is over makes room without displacing anyone.
    for number in 0..SUBJECTS_MAX / 2 {
        limits.peek(&format!("later:{number}"), FIVE, at(661));
    }
    assert_eq!(limits.stats().displaced, displaced);
}

fn is_kept(limits: &Limits, subject: &str) -> bool {
    let mut shards = limits.inner.shards.iter().map(super::lock);
    shards.any(|shard| shard.slots.iter().any(|slot| &*slot.subject == subject))
}

/// Counts that no database has yet are kept; only new subjects are then allowed uncounted.
#[test]
fn counts_that_are_not_written_are_not_displaced() {
    let limits = limits();
    while limits.take("key:known", FIVE, at(600)).allowed {}
    for number in 0..2 * SUBJECTS_MAX {
        assert!(limits.take(&format!("ip:{number}"), FIVE, at(600)).allowed);
    }
    let stats = limits.stats();
    assert!(stats.subjects <= SUBJECTS_MAX, "{stats:?}");
    assert_eq!(stats.uncounted, (2 * SUBJECTS_MAX + 1 - stats.subjects) as u64);
    assert_eq!(stats.displaced, 0);
    assert!(!limits.take("key:known", FIVE, at(600)).allowed);
    assert!(
        !limits
            .take(
                "new",
                Quota {
                    per_window: 0,
                    ..FIVE
                },
                at(600)
            )
            .allowed
    );
    // The next window has room again.
    assert_eq!(limits.take("key:new", FIVE, at(660)), taken(true, 4, 60));
    assert_eq!(limits.take("key:new", FIVE, at(660)), taken(true, 3, 60));
}

/// A total is read while counts are on their way: it may have them already, and they are counted once all the same.
#[test]
fn what_is_on_its_way_is_counted_once() {
    for (shared, in_flight, delta, total, used) in [
        // Not written yet, and written.
        (0, 6, 0, 0, 6),
        (0, 6, 0, 6, 6),
        (0, 6, 1, 6, 7),
        (3, 4, 2, 7, 9),
        // Others took more than all that is on its way.
        (3, 4, 0, 12, 12),
        // What was given back lowers it once.
        (5, -2, 0, 5, 3),
        (5, -2, 0, 3, 3),
    ] {
        let limits = limits();
        let mut shard = super::lock(&limits.inner.shards[0]);
        let slot = shard.slot(0, "login:a", 60, at(600)).unwrap();
        (slot.shared, slot.in_flight, slot.delta) = (shared, in_flight, delta);
        slot.read(total, slot.synced);
        assert_eq!(
            slot.used(),
            used,
            "{shared} known, {in_flight} on their way, {total} read"
        );
        // Once they have arrived, what the database says counts.
        slot.in_flight = 0;
        slot.read(20, slot.synced);
        assert_eq!(slot.used(), 20_u64.saturating_add_signed(delta));
    }
}
