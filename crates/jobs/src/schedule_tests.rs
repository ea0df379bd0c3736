use domain::upkeep::Job;

use super::*;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn zone(name: &str) -> Zone {
    Zone::try_from(name.to_owned()).unwrap()
}

fn expression(text: &str) -> Expression {
    Expression::try_from(text.to_owned()).unwrap()
}

fn row(done_to: &str) -> JobRow {
    JobRow {
        job: Job::Backup,
        done_to: at(done_to),
        asked_at: None,
        run: None,
        started_at: None,
        ended_at: None,
        took_us: None,
        outcome: None,
        error: None,
        figure: None,
        succeeded_at: None,
        failures: 0,
    }
}

/// When an expression is due, one time after the other.
fn times(text: &str, name: &str, mut from: Timestamp, to: &str) -> Vec<String> {
    let (expression, zone, mut times) = (expression(text), zone(name), Vec::new());
    while let Some(next) = expression.after(&zone, from)
        && next < at(to)
    {
        times.push(next.to_string());
        from = next;
    }
    times
}

/// When a job that is looked at so often begins, by a clock that goes on from one time to the other, as the clock says.
fn runs(when: &When, mut row: JobRow, clock: impl IntoIterator<Item = Timestamp>) -> Vec<String> {
    let mut runs = Vec::new();
    for now in clock {
        if when.is_due(&row, now, false) {
            runs.push(now.to_string());
            row.done_to = done_to(&row, now);
            row.outcome = Some(RunOutcome::Succeeded);
        }
    }
    runs
}

/// A clock that is looked at so often.
fn every(seconds: i64, from: &str, to: &str) -> impl Iterator<Item = Timestamp> {
    let (mut now, to) = (at(from), at(to));
    std::iter::from_fn(move || {
        let shown = now;
        now = now.plus_seconds(seconds);
        (shown < to).then_some(shown)
    })
}

#[test]
fn an_hour_that_is_skipped_runs_once() {
    // 02:00 to 03:00 are not shown; what was due then is due at the end of the gap, which is 01:00 in UTC.
    let from = at("2026-03-28T00:00:00Z");
    for (text, expected) in [
        (
            "30 2 * * *",
            &[
                "2026-03-28T01:30:00Z",
                "2026-03-29T01:00:00Z",
                "2026-03-30T00:30:00Z",
            ][..],
        ),
        (
            "0 2 * * *",
            &[
                "2026-03-28T01:00:00Z",
                "2026-03-29T01:00:00Z",
                "2026-03-30T00:00:00Z",
            ],
        ),
        (
            "0 3 * * *",
            &[
                "2026-03-28T02:00:00Z",
                "2026-03-29T01:00:00Z",
                "2026-03-30T01:00:00Z",
            ],
        ),
        // All of the hour together, and together with what is due at its end.
        ("*/20 2 29 3 *", &["2026-03-29T01:00:00Z"]),
        (
            "*/30 2,3 29 3 *",
            &["2026-03-29T01:00:00Z", "2026-03-29T01:30:00Z"],
        ),
    ] {
        let shown: Vec<_> = expected.iter().map(|time| at(time).to_string()).collect();
        assert_eq!(
            times(text, "Europe/Berlin", from, "2026-03-31T00:00:00Z"),
            shown,
            "{text}"
        );
    }
}

#[test]
fn an_hour_that_comes_twice_runs_once() {
    // 02:00 to 03:00 are shown from 00:00 to 01:00 in UTC, and again until 02:00.
    let from = at("2026-10-24T12:00:00Z");
    for (text, expected) in [
        (
            "30 2 * * *",
            &["2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"][..],
        ),
        ("0 2 * * *", &["2026-10-25T00:00:00Z", "2026-10-26T01:00:00Z"]),
        ("0 3 * * *", &["2026-10-25T02:00:00Z", "2026-10-26T02:00:00Z"]),
        (
            "*/30 2 25 10 *",
            &["2026-10-25T00:00:00Z", "2026-10-25T00:30:00Z"],
        ),
    ] {
        let shown: Vec<_> = expected.iter().map(|time| at(time).to_string()).collect();
        assert_eq!(
            times(text, "Europe/Berlin", from, "2026-10-26T12:00:00Z"),
            shown,
            "{text}"
        );
        // From within the hour's second time nothing of it is due again.
        let second = at("2026-10-25T01:10:00Z");
        let after = expression(text).after(&zone("Europe/Berlin"), second).unwrap();
        assert!(after >= at("2026-10-25T02:00:00Z"), "{text}: {after}");
    }
    // Every quarter of an hour rests in it, in a zone that has such hours, and does not in UTC.
    let quarters = |name| {
        times(
            "*/15 * * * *",
            name,
            at("2026-10-25T00:00:00Z"),
            "2026-10-25T02:00:00Z",
        )
        .len()
    };
    assert_eq!((quarters("Europe/Berlin"), quarters("UTC")), (3, 7));
}

#[test]
fn zones_come_along() {
    for (name, expected) in [
        ("UTC", "2026-07-01T02:00:00Z"),
        ("Europe/Berlin", "2026-07-01T00:00:00Z"),
        ("America/New_York", "2026-07-01T06:00:00Z"),
        ("Asia/Kathmandu", "2026-06-30T20:15:00Z"),
        // Clocks that go forward by half an hour, and a change that is not at a full hour of UTC.
        ("Australia/Lord_Howe", "2026-06-30T15:30:00Z"),
    ] {
        let next = expression("0 2 * * *").after(&zone(name), at("2026-06-30T12:00:00Z"));
        assert_eq!(next, Some(at(expected)), "{name}");
        assert_eq!(zone(name).to_string(), name);
    }
    assert_eq!(Zone::default().to_string(), "UTC");
    assert!(Zone::try_from("Europe/Atlantis".to_owned()).is_err());
}

#[test]
fn what_is_no_expression_is_told() {
    for text in [
        "",
        "* * * *",
        "0 0 2 * * *",
        "61 * * * *",
        "every day",
        "0 2 * * * 2027",
    ] {
        let error = Expression::try_from(text.to_owned()).unwrap_err();
        assert!(error.contains("is no expression of cron"), "{error}");
    }
    // One that names no time is due never.
    assert_eq!(
        expression("0 0 30 2 *").after(&zone("UTC"), at("2026-01-01T00:00:00Z")),
        None
    );
}

#[test]
fn after_sleep_it_is_caught_up_once() {
    let when = When::At(Box::new(expression("0 2 * * *")), zone("Europe/Berlin"));
    let awake = every(10, "2026-11-01T00:00:00Z", "2026-11-02T00:00:00Z");
    // Asleep for five days and some hours.
    let again = every(10, "2026-11-07T09:12:30Z", "2026-11-08T12:00:00Z");
    assert_eq!(
        runs(&when, row("2026-10-31T12:00:00Z"), awake.chain(again)),
        [
            "2026-11-01T01:00:00.000000Z",
            "2026-11-07T09:12:30.000000Z",
            "2026-11-08T01:00:00.000000Z"
        ]
        .map(|time| at(time).to_string())
    );
}

#[test]
fn nothing_is_due_early_or_when_it_is_first_known() {
    let when = When::At(Box::new(expression("0 2 * * *")), zone("UTC"));
    let known = row("2026-11-01T02:00:00Z");
    for (now, due) in [
        ("2026-11-01T02:00:00Z", false),
        ("2026-11-02T01:59:59.999999Z", false),
        ("2026-11-02T02:00:00Z", true),
    ] {
        assert_eq!(when.is_due(&known, at(now), true), due, "{now}");
    }
    assert_eq!(
        when.next(&known, at("2026-11-01T03:00:00Z")),
        Some(at("2026-11-02T02:00:00Z"))
    );
}

#[test]
fn clocks_a_minute_apart_run_it_once() {
    let when = When::At(Box::new(expression("0 2 * * *")), zone("UTC"));
    // Two processes look one after the other, and one's clock is a minute ahead, or behind.
    for apart in [60, -60] {
        let clock = every(10, "2026-11-01T00:00:00Z", "2026-11-04T00:00:00Z");
        let both = clock.flat_map(|now| [now, now.plus_seconds(apart)]);
        assert_eq!(runs(&when, row("2026-10-31T12:00:00Z"), both).len(), 3, "{apart}");
    }
}

#[test]
fn a_clock_that_was_wrong_holds_nothing_up_for_long() {
    let when = When::At(Box::new(expression("0 2 * * *")), zone("UTC"));
    let wrong = row("2031-01-01T02:00:00Z");
    let runs = runs(
        &when,
        wrong.clone(),
        every(10, "2026-11-01T00:00:00Z", "2026-11-02T12:00:00Z"),
    );
    // Nothing was covered, as far as anybody knows: it begins anew.
    assert!(runs.is_empty(), "{runs:?}");
    let now = at("2026-11-01T00:00:00Z");
    assert_eq!(done_to(&wrong, now), now);
    assert_eq!(when.next(&wrong, now), Some(at("2026-11-01T02:00:00Z")));
}

#[test]
fn what_was_asked_for_or_broken_off_is_due_now() {
    let now = at("2026-11-01T12:00:00Z");
    for when in [
        When::At(Box::new(expression("0 2 * * *")), zone("UTC")),
        When::Within(24),
        When::Asked("no place"),
    ] {
        let known = row("2026-11-01T12:00:00Z");
        assert!(!when.is_due(&known, now, true));
        let asked = JobRow {
            asked_at: Some(now),
            ..known.clone()
        };
        let broken_off = JobRow {
            outcome: Some(RunOutcome::BrokenOff),
            ..known.clone()
        };
        assert!(when.is_due(&asked, now, false) && when.is_due(&broken_off, now, false));
        let failed = JobRow {
            outcome: Some(RunOutcome::Failed),
            ..known
        };
        assert!(!when.is_due(&failed, now, true), "it waits for its time");
    }
}

#[test]
fn idle_time_is_waited_for_until_it_gets_late() {
    let (when, known) = (When::Within(24), row("2026-11-01T00:00:00Z"));
    for (now, busy, idle) in [
        ("2026-11-01T11:59:59Z", false, false),
        ("2026-11-01T12:00:00Z", false, true),
        ("2026-11-01T17:59:59Z", false, true),
        ("2026-11-01T18:00:00Z", true, true),
    ] {
        let due = |idle| when.is_due(&known, at(now), idle);
        assert_eq!((due(false), due(true)), (busy, idle), "{now}");
    }
}
