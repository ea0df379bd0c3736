//! `GET /metrics`

use engine::clock::{Alarm, Clock};
use engine::metrics::COMMIT_BUCKETS_S;
use engine::writes::CAUSES;
use engine::{Fault, LimitStats};

use crate::call::{Answer, Call, with_type};
use crate::metrics::text::Text;
use crate::openapi::{Content, Doc, Reply};

const MEDIA: &str = "text/plain; version=0.0.4; charset=utf-8";

pub(crate) const DOC: Doc = Doc {
    id: "show_metrics",
    tag: "service",
    summary: "Numbers for Prometheus",
    description: "Requests by route, the write path, the pool of connections, rate limits. Give the key to Prometheus as \
                  `authorization.credentials`; the scope `read` is enough.",
    replies: &[Reply::new(
        "200",
        "The numbers.",
        &[Content::new(
            MEDIA,
            r#"{"type":"string"}"#,
            "# HELP probity_log_size Entries in the log.\n# TYPE probity_log_size gauge\nprobity_log_size 4712\n",
        )],
    )],
    ..Doc::EMPTY
};

pub(crate) async fn handle(call: Call) -> Answer {
    call.query(&DOC)?;
    let mut out = Text::default();
    engine(&call.app.engine.metrics(), &mut out);
    failures(&call.app.engine, &mut out);
    clock(call.app.engine.clock(), &mut out);
    limits(call.app.engine.limits().stats(), &mut out);
    let streams = call
        .app
        .settings
        .streams_max
        .saturating_sub(call.app.streams.available_permits());
    out.single(
        "probity_http_streams",
        "gauge",
        "Event streams that are open.",
        streams,
    );
    out.single(
        "probity_http_forwarded_unreadable_total",
        "counter",
        "Requests whose X-Forwarded-For could not be read: the proxy's own address was recorded.",
        call.app.unreadable.count(),
    );
    call.app.requests.write(&mut out);
    Ok(with_type(MEDIA, out.finish()))
}

fn engine(numbers: &engine::Metrics, out: &mut Text) {
    for (name, help, value) in [
        (
            "probity_entries_appended_total",
            "Entries appended by this process.",
            numbers.entries_appended,
        ),
        (
            "probity_commands_total",
            "Commands carried out or refused.",
            numbers.commands,
        ),
        (
            "probity_commands_refused_total",
            "Commands refused.",
            numbers.refusals,
        ),
        (
            "probity_commands_overloaded_total",
            "Commands turned away: the queue was full.",
            numbers.overloaded,
        ),
        ("probity_batches_total", "Batches committed.", numbers.batches),
        (
            "probity_batches_retried_total",
            "Batches tried again after a conflict with another process.",
            numbers.retries,
        ),
    ] {
        out.single(name, "counter", help, value);
    }
    for (name, help, value) in [
        ("probity_log_size", "Entries in the log.", numbers.log_size),
        (
            "probity_queue_length",
            "Entries that wait for the Writer.",
            numbers.queue_length,
        ),
        (
            "probity_log_tampered",
            "1 while nothing is written because the log's head was changed by hand, else 0.",
            u64::from(numbers.fault == Some(Fault::Tampered)),
        ),
        (
            "probity_log_rolled_back",
            "1 while nothing is written because the database was put back to another state of the log, else 0.",
            u64::from(numbers.fault == Some(Fault::RolledBack)),
        ),
        (
            "probity_queue_max",
            "Most entries that may wait.",
            numbers.queue_max,
        ),
    ] {
        out.single(name, "gauge", help, value);
    }
    for (name, help, value) in [
        (
            "probity_pool_connections_max",
            "Most reading connections at once.",
            numbers.pool.max,
        ),
        (
            "probity_pool_connections_open",
            "Open reading connections.",
            numbers.pool.open,
        ),
        (
            "probity_pool_connections_idle",
            "Open reading connections that nobody uses.",
            numbers.pool.idle,
        ),
        (
            "probity_pool_waiting",
            "Readers that wait for a connection.",
            numbers.pool.waiting,
        ),
    ] {
        out.single(name, "gauge", help, value);
    }
    let name = "probity_commit_duration_seconds";
    out.family(name, "histogram", "Time of a batch from begin to commit.");
    out.histogram(
        name,
        "",
        &COMMIT_BUCKETS_S,
        &numbers.commit_buckets,
        numbers.commit_seconds_sum,
    );
}

/// Batches that were not written, by what for; and whether it is for want of space now.
fn failures(engine: &engine::Engine, out: &mut Text) {
    let name = "probity_batches_failed_total";
    out.family(name, "counter", "Batches that were not written, by cause.");
    for (cause, count) in CAUSES.iter().zip(engine.metrics().batches_failed) {
        out.sample(name, &format!("cause=\"{cause}\""), count);
    }
    let full = engine
        .failing()
        .is_some_and(|failing| failing.code == "storage_full");
    out.single(
        "probity_storage_full",
        "gauge",
        "1 while batches fail because the database's disk is full or cannot be written.",
        u8::from(full),
    );
}

/// What is wrong with the clock.
fn clock(clock: &Clock, out: &mut Text) {
    let alarm = clock.alarm();
    let name = "probity_clock_alarm";
    out.family(
        name,
        "gauge",
        "1 while the clock is not where it should be: it jumped, or is behind the newest entry.",
    );
    let jumped = matches!(alarm, Some(Alarm::Jumped { .. }));
    let behind = matches!(alarm, Some(Alarm::Behind { .. }));
    out.sample(name, "kind=\"jumped\"", u8::from(jumped));
    out.sample(name, "kind=\"behind\"", u8::from(behind));
    out.single(
        "probity_clock_jumps_total",
        "counter",
        "How often the clock jumped by more than an hour.",
        clock.jumps(),
    );
}

/// What limits refuse: requests by key and by user, and logins by what was tried too often.
const KINDS: [&str; 5] = ["key", "user", "login_pair", "login_address", "login_account"];

fn limits(stats: LimitStats, out: &mut Text) {
    let mut refused = stats.refused;
    for kind in KINDS {
        // So that the first refusal is seen as a rise.
        refused.entry(kind.to_owned()).or_insert(0);
    }
    let name = "probity_limit_refused_total";
    out.family(
        name,
        "counter",
        "Requests and logins refused by a limit of this process, by kind of limit.",
    );
    for (kind, count) in refused {
        out.sample(name, &format!("kind=\"{kind}\""), count);
    }
    out.single(
        "probity_limit_subjects",
        "gauge",
        "Keys, users, accounts and addresses whose counts are in memory.",
        stats.subjects,
    );
    for (name, help, value) in [
        (
            "probity_limit_displaced_total",
            "Subjects whose counts made room for others; they are in the database.",
            stats.displaced,
        ),
        (
            "probity_limit_uncounted_total",
            "Requests and logins let through uncounted: the memory was full.",
            stats.uncounted,
        ),
    ] {
        out.single(name, "counter", help, value);
    }
}
