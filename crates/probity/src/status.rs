//! `probity status`: is all well?

use engine::HealthCheck;
use engine::verify::{LastVerified, last};
use evidence::time::Timestamp;
use serde_json::{Value, json};
use views::{JobView, Jobs};

use crate::config::location;
use crate::context::Context;
use crate::db::size;
use crate::doctor::facts::{self, Backups};
use crate::failure::{Exit, Failure};
use crate::output::{self, counted, moment};
use crate::{serve, table};

/// Prints the state of database, log and parts; the answer is no when something is wrong.
pub async fn run(context: &Context) -> Result<Exit, Failure> {
    let database = location::shown(&context.settings.config.location()?);
    let engine = match context.open().await {
        Ok(engine) => engine,
        Err(failure) => return unhealthy(context, &database, &failure),
    };
    let (mut health, metrics) = (engine.check_up().await, engine.metrics());
    let tls = serve::tls(&context.settings.config.http).transpose();
    health.checks.extend(tls.as_ref().map(certificate_check));
    let healthy = health.checks.iter().all(|check| check.ok);
    let version = engine
        .db()
        .version()
        .await
        .unwrap_or_else(|error| error.to_string());
    let migrations = {
        let mut conn = engine.db().reader().await?;
        engine::database::migrate::state(&mut conn).await?
    };
    let exported = engine.key_exported().await?;
    let checks = health.checks.iter();
    let names: Vec<_> = checks.map(|check| format!("Check {}", check.name)).collect();
    let (key, pool) = (engine.verifier_key(), metrics.pool);
    let verified = last(&engine.options().data_dir, key.name());
    let backups = facts::backups(context, Some(key.name()));
    let room = facts::room(context);
    let certificate = tls.map(|tls| {
        tls.map(|tls| tls.valid_until())
            .map_err(|failure| failure.message)
    });
    let jobs = Jobs::of(&crate::job::of(context, &engine).states().await?).jobs;
    if context.json() {
        output::json(&json!({
            "healthy": healthy,
            "database": { "location": database, "version": version },
            "migrations": { "applied": migrations.applied, "known": migrations.known },
            "log": { "origin": key.name(), "size": metrics.log_size, "verifier_key": key.to_string() },
            "signing_key": { "exported_at": exported },
            "pool": { "max": pool.max, "open": pool.open, "idle": pool.idle, "waiting": pool.waiting },
            "verified": verified,
            "backups": backups_json(&backups),
            "jobs": jobs,
            "disk": room.map(|room| json!({ "free": room.free, "whole": room.whole })),
            "certificate": certificate.map(certificate_json),
            "checks": health.checks,
        }))?;
    } else {
        let mut pairs = vec![
            ("Database", database),
            ("Version", version),
            (
                "Migrations",
                format!("{} of {} applied", migrations.applied, migrations.known),
            ),
            (
                "Log",
                format!(
                    "{}, {}",
                    key.name(),
                    counted(metrics.log_size, "entry", "entries")
                ),
            ),
            ("Verifier key", key.to_string()),
            ("Signing key", key_text(exported)),
            (
                "Pool",
                format!(
                    "{} open of at most {}, {} idle, in this command alone",
                    pool.open, pool.max, pool.idle
                ),
            ),
            ("Last verify", verified_text(verified)),
            ("Backups", backups_text(&backups)),
        ];
        pairs.extend(jobs.iter().map(|job| ("Job", job_text(job))));
        pairs.extend(room.map(|room| {
            (
                "Disk",
                format!("{} free of {}", size(room.free), size(room.whole)),
            )
        }));
        pairs.extend(certificate.map(|until| {
            let text = until.map_or_else(|error| error, |until| format!("good until {}", moment(until)));
            ("Certificate", text)
        }));
        let mark = |ok| if ok { '✓' } else { '✗' };
        pairs.extend(
            names
                .iter()
                .zip(&health.checks)
                .map(|(name, check)| (name.as_str(), format!("{} {}", mark(check.ok), check.detail))),
        );
        pairs.push(("Verdict", verdict(healthy).to_owned()));
        output::line(&table::pairs(&pairs, table::width()).join("\n"))?;
    }
    engine.shutdown().await;
    Ok(if healthy { Exit::Ok } else { Exit::No })
}

fn verdict(healthy: bool) -> &'static str {
    if healthy {
        "✓ all is well"
    } else {
        "✗ something is wrong"
    }
}

fn key_text(exported: Option<Timestamp>) -> String {
    let never =
        "! never exported: without it no backup goes on, and second factors are lost. See probity key export";
    exported.map_or_else(|| never.to_owned(), |at| format!("exported {}", moment(at)))
}

fn verified_text(last: Option<LastVerified>) -> String {
    last.map_or("never from here".to_owned(), |last| {
        format!(
            "{}, {}, {}",
            moment(last.at),
            counted(last.size, "entry", "entries"),
            counted(last.findings, "finding", "findings")
        )
    })
}

fn backups_text(backups: &Backups) -> String {
    match backups {
        Backups::Nowhere => "nowhere: backup.path is not set".to_owned(),
        Backups::Unreadable(error) => error.clone(),
        Backups::Of { newest: None, .. } => "none of this log".to_owned(),
        Backups::Of {
            newest: Some(newest),
            count,
            ..
        } => facts::told(*count, newest),
    }
}

/// How a job went, and when it is due.
fn job_text(job: &JobView) -> String {
    let went = match (job.outcome, job.started_at) {
        (Some(outcome), Some(at)) => format!("{} {}", outcome.as_str(), moment(at)),
        _ => "never ran".to_owned(),
    };
    let next = match (job.next_at, job.not_scheduled) {
        (Some(at), _) => format!("; next {}", moment(at)),
        (None, Some(why)) => format!("; only when it is asked for: {why}"),
        (None, None) => String::new(),
    };
    let error = job
        .error
        .as_ref()
        .map_or_else(String::new, |error| format!(": {error}"));
    format!("{}: {went}{error}{next}", job.name.as_str())
}

fn backups_json(backups: &Backups) -> Value {
    match backups {
        Backups::Nowhere => Value::Null,
        Backups::Unreadable(error) => json!({ "problem": error }),
        Backups::Of { newest, count, .. } => json!({ "count": count, "newest": newest }),
    }
}

fn certificate_json(until: Result<Timestamp, String>) -> Value {
    match until {
        Ok(until) => json!({ "good_until": until }),
        Err(error) => json!({ "problem": error }),
    }
}

/// What a server of these settings would find in the files of its certificate.
fn certificate_check(tls: &Result<web::Tls, Failure>) -> HealthCheck {
    let trouble = match tls {
        Ok(tls) => tls.trouble().map_or_else(|| Ok(tls.valid_until()), Err),
        Err(failure) => Err(failure.message.clone()),
    };
    HealthCheck {
        name: "certificate",
        ok: trouble.is_ok(),
        code: None,
        detail: trouble.map_or_else(|what| what, |until| format!("valid until {until}")),
    }
}

/// What cannot even be opened is an answer too.
fn unhealthy(context: &Context, database: &str, failure: &Failure) -> Result<Exit, Failure> {
    if context.json() {
        output::json(&json!({
            "healthy": false,
            "database": { "location": database },
            "problem": { "code": failure.code, "message": failure.message, "hint": failure.hint },
        }))?;
    } else {
        let pairs = [
            ("Database", database.to_owned()),
            ("Problem", failure.message.clone()),
            ("Hint", failure.hint.clone()),
            ("Verdict", "✗ cannot be opened".to_owned()),
        ];
        output::line(&table::pairs(&pairs, table::width()).join("\n"))?;
    }
    Ok(Exit::No)
}
