//! `GET /metrics`

use engine::clock::{Alarm, Clock};
use engine::database::Location;
use engine::metrics::COMMIT_BUCKETS_S;
use engine::writes::CAUSES;
use engine::{Fault, Footprint, LimitStats};

use crate::call::{Answer, Call, with_type};
use crate::metrics::text::Text;
use crate::metrics::{jobs, process};
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

/// Metrics of one number each, in the order in which they are shown.
macro_rules! singles {
    ($out:ident, $($kind:literal $name:literal = $value:expr, $help:literal;)*) => {
        $($out.single($name, $kind, $help, $value);)*
    };
}

pub(crate) async fn handle(call: Call) -> Answer {
    call.query(&DOC)?;
    let (app, engine, mut text) = (&call.app, &call.app.engine, Text::default());
    let out = &mut text;
    build(&engine.options().database.location, out);
    writing(&engine.metrics(), out);
    let full = engine
        .failing()
        .is_some_and(|failing| failing.code == "storage_full");
    singles! { out,
        "gauge" "probity_storage_full" = u8::from(full),
            "1 while batches fail because the database's disk is full or cannot be written.";
    }
    clock(engine.clock(), out);
    limits(engine.limits().stats(), out);
    let streams = app
        .settings
        .streams_max
        .saturating_sub(app.streams.available_permits());
    singles! { out,
        "gauge" "probity_http_streams" = streams, "Event streams that are open.";
        "gauge" "probity_approvals_waiting" = engine.waiting_for_approvals(),
            "Callers that wait for an approval to be decided.";
        "counter" "probity_http_forwarded_unreadable_total" = app.unreadable.count(),
            "Requests whose X-Forwarded-For could not be read: the proxy's own address was recorded.";
    }
    if let Some(tls) = &app.settings.tls {
        singles! { out,
            "gauge" "probity_http_certificate_refused" = u8::from(tls.is_refused()),
                "1 while the files hold no good certificate and key, so that those before serve on.";
            "gauge" "probity_tls_certificate_expiry_timestamp_seconds" = tls.valid_until().micros() / 1_000_000,
                "When the certificate that serves expires, in seconds since 1970.";
        }
    }
    // What is not known is not there.
    if let Ok(unreported) = engine.unreported_approvals().await {
        singles! { out,
            "gauge" "probity_approvals_unreported" = unreported,
                "Approvals that were used more than 24 hours ago, and what came of it was not reported.";
        }
    }
    footprint(&engine.footprint().await, out);
    app.otlp.write(out);
    process::write(out);
    jobs::write(&app.jobs, out);
    app.requests.write(out);
    Ok(with_type(MEDIA, text.finish()))
}

/// What runs.
fn build(location: &Location, out: &mut Text) {
    let database = match location {
        Location::Sqlite(_) => "sqlite",
        Location::Postgres(_) => "postgres",
    };
    let name = "probity_build_info";
    out.family(
        name,
        "gauge",
        "1; its labels say which version runs, on which kind of database.",
    );
    let version = env!("CARGO_PKG_VERSION");
    out.sample(name, &format!("version=\"{version}\",database=\"{database}\""), 1);
}

/// What the log takes of the machine, and what is left. What is not known is not there.
fn footprint(found: &Footprint, out: &mut Text) {
    let mut gauge = |name, help, value: Option<u64>| {
        if let Some(value) = value {
            out.single(name, "gauge", help, value);
        }
    };
    let schema = found.schema.and_then(|schema| u64::try_from(schema).ok());
    gauge(
        "probity_schema_version",
        "The last migration of the database's schema.",
        schema,
    );
    gauge(
        "probity_database_size_bytes",
        "Size of the database.",
        found.database_bytes,
    );
    gauge(
        "probity_wal_size_bytes",
        "Size of SQLite's log of changes.",
        found.wal_bytes,
    );
    gauge(
        "probity_disk_free_bytes",
        "Free where the database is on this machine, else where the data folder is.",
        found.room.map(|room| room.free),
    );
    gauge(
        "probity_disk_size_bytes",
        "Size of the file system that this is on.",
        found.room.map(|room| room.whole),
    );
}

fn writing(numbers: &engine::Metrics, out: &mut Text) {
    singles! { out,
        "counter" "probity_entries_appended_total" = numbers.entries_appended, "Entries appended by this process.";
        "counter" "probity_commands_total" = numbers.commands, "Commands carried out or refused.";
        "counter" "probity_commands_refused_total" = numbers.refusals, "Commands refused.";
        "counter" "probity_commands_overloaded_total" = numbers.overloaded, "Commands turned away: the queue was full.";
        "counter" "probity_batches_total" = numbers.batches, "Batches committed.";
        "counter" "probity_batches_retried_total" = numbers.retries,
            "Batches tried again after a conflict with another process.";
        "gauge" "probity_writer_shared" = u8::from(numbers.shared),
            "1 while another process writes too, so that rows are locked, else 0.";
        "counter" "probity_rows_known_total" = numbers.known_hits, "Look-ups of rows that were known.";
        "counter" "probity_rows_read_total" = numbers.known_misses, "Look-ups of rows that were read.";
        "counter" "probity_batches_moved_total" = numbers.moved,
            "Batches decided again, since another process had moved the log's head.";
        "counter" "probity_batches_changed_total" = numbers.changed,
            "Batches decided again, since a row was not as it was known.";
        "counter" "probity_batches_ahead_total" = numbers.ahead,
            "Batches that were decided while another one was being committed.";
        "counter" "probity_flights_total" = numbers.flights, "Batches that were sent to the database.";
        "counter" "probity_flight_seconds_total" = numbers.flight_seconds_sum,
            "Time for which a batch was on its way to the database and back.";
        "counter" "probity_flight_pause_seconds_total" = numbers.pause_seconds_sum,
            "Time for which none was on its way while commands waited.";
        "gauge" "probity_log_size" = numbers.log_size, "Entries in the log.";
        "gauge" "probity_queue_length" = numbers.queue_length, "Entries that wait for the Writer.";
        "gauge" "probity_log_tampered" = u64::from(numbers.fault == Some(Fault::Tampered)),
            "1 while nothing is written because the log's head was changed by hand, else 0.";
        "gauge" "probity_log_rolled_back" = u64::from(numbers.fault == Some(Fault::RolledBack)),
            "1 while nothing is written because the database was put back to another state of the log, else 0.";
        "gauge" "probity_queue_max" = numbers.queue_max, "Most entries that may wait.";
        "gauge" "probity_pool_connections_max" = numbers.pool.max, "Most reading connections at once.";
        "gauge" "probity_pool_connections_open" = numbers.pool.open, "Open reading connections.";
        "gauge" "probity_pool_connections_idle" = numbers.pool.idle, "Open reading connections that nobody uses.";
        "gauge" "probity_pool_waiting" = numbers.pool.waiting, "Readers that wait for a connection.";
    }
    let name = "probity_commit_duration_seconds";
    out.family(name, "histogram", "Time of a batch from begin to commit.");
    let sum = numbers.commit_seconds_sum;
    out.histogram(name, "", &COMMIT_BUCKETS_S, &numbers.commit_buckets, sum);
    let name = "probity_batches_failed_total";
    out.family(name, "counter", "Batches that were not written, by cause.");
    for (cause, count) in CAUSES.iter().zip(numbers.batches_failed) {
        out.sample(name, &format!("cause=\"{cause}\""), count);
    }
}

/// What is wrong with the clock.
fn clock(clock: &Clock, out: &mut Text) {
    let alarm = clock.alarm();
    let name = "probity_clock_alarm";
    let help = "1 while the clock is not where it should be: it jumped, or is behind the newest entry.";
    out.family(name, "gauge", help);
    let jumped = matches!(alarm, Some(Alarm::Jumped { .. }));
    let behind = matches!(alarm, Some(Alarm::Behind { .. }));
    out.sample(name, "kind=\"jumped\"", u8::from(jumped));
    out.sample(name, "kind=\"behind\"", u8::from(behind));
    singles! { out,
        "counter" "probity_clock_jumps_total" = clock.jumps(), "How often the clock jumped by more than an hour.";
    }
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
    let help = "Requests and logins refused by a limit of this process, by kind of limit.";
    out.family(name, "counter", help);
    for (kind, count) in refused {
        out.sample(name, &format!("kind=\"{kind}\""), count);
    }
    singles! { out,
        "gauge" "probity_limit_subjects" = stats.subjects,
            "Keys, users, accounts and addresses whose counts are in memory.";
        "counter" "probity_limit_displaced_total" = stats.displaced,
            "Subjects whose counts made room for others; they are in the database.";
        "counter" "probity_limit_uncounted_total" = stats.uncounted,
            "Requests and logins let through uncounted: the memory was full.";
    }
}
