//! `probity status`: is all well?

use evidence::time::Timestamp;
use serde_json::json;
use views::{CertificateView, JobView, KeptView, StatusView, VerifiedView};

use crate::context::Context;
use crate::db::size;
use crate::doctor::facts;
use crate::failure::{Exit, Failure};
use crate::output::{self, counted, moment};
use crate::{serve, table};

/// Prints the state of database, log and parts; the answer is no when something is wrong.
pub async fn run(context: &Context) -> Result<Exit, Failure> {
    let database = context.settings.config.location()?.shown();
    let engine = match context.open().await {
        Ok(engine) => engine,
        Err(failure) => return unhealthy(context, &database, &failure),
    };
    // What a server of these settings would find in the files of its certificate.
    let tls = serve::tls(&context.settings.config.http).transpose();
    let certificate = tls.map(|tls| match tls {
        Ok(tls) => tls.shown(),
        Err(failure) => CertificateView {
            good_until: None,
            problem: Some(failure.message),
        },
    });
    let health = engine.check_up().await;
    let jobs = crate::job::of(context, &engine);
    let status = StatusView::of(&engine, &jobs, health, certificate).await?;
    if context.json() {
        output::json(&status)?;
    } else {
        let names = status.checks.iter();
        let names: Vec<_> = names.map(|check| format!("Check {}", check.name)).collect();
        output::line(&table::pairs(&pairs(&status, &names), table::width()).join("\n"))?;
    }
    engine.shutdown().await;
    Ok(if status.healthy { Exit::Ok } else { Exit::No })
}

/// What is said of it to people.
fn pairs<'a>(status: &StatusView, checks: &'a [String]) -> Vec<(&'a str, String)> {
    let (log, pool) = (&status.log, &status.pool);
    let mut pairs = vec![
        ("Database", status.database.location.clone()),
        ("Version", status.database.version.clone()),
        (
            "Migrations",
            status.migrations.as_ref().map_or_else(unanswered, |state| {
                format!("{} of {} applied", state.applied, state.known)
            }),
        ),
        (
            "Log",
            format!("{}, {}", log.origin, counted(log.size, "entry", "entries")),
        ),
        ("Verifier key", log.verifier_key.clone()),
        (
            "Signing key",
            status
                .signing_key
                .as_ref()
                .map_or_else(unanswered, |key| key_text(key.exported_at)),
        ),
        (
            "Pool",
            format!(
                "{} open of at most {}, {} idle, in this command alone",
                pool.open, pool.max, pool.idle
            ),
        ),
        ("Last verify", verified_text(status.verified.as_ref())),
        ("Backups", backups_text(status.backups.as_ref())),
    ];
    pairs.extend(status.jobs.iter().map(|job| ("Job", job_text(job))));
    pairs.extend(status.disk.as_ref().map(|room| {
        (
            "Disk",
            format!("{} free of {}", size(room.free), size(room.whole)),
        )
    }));
    pairs.extend(
        status
            .certificate
            .as_ref()
            .map(|certificate| ("Certificate", certificate_text(certificate))),
    );
    let mark = |ok| if ok { '✓' } else { '✗' };
    pairs.extend(
        checks
            .iter()
            .zip(&status.checks)
            .map(|(name, check)| (name.as_str(), format!("{} {}", mark(check.ok), check.detail))),
    );
    pairs.push(("Verdict", verdict(status.healthy).to_owned()));
    pairs
}

fn unanswered() -> String {
    "the database does not answer".to_owned()
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

fn verified_text(last: Option<&VerifiedView>) -> String {
    last.map_or("never from here".to_owned(), |last| {
        format!(
            "{}, {}, {}",
            moment(last.at),
            counted(last.size, "entry", "entries"),
            counted(last.findings, "finding", "findings")
        )
    })
}

fn backups_text(backups: Option<&KeptView>) -> String {
    let Some(kept) = backups else {
        return "nowhere: backup.path is not set".to_owned();
    };
    match (&kept.problem, &kept.newest) {
        (Some(problem), _) => problem.clone(),
        (None, Some(newest)) => facts::told(kept.count.unwrap_or_default(), newest.taken_at),
        (None, None) => "none of this log".to_owned(),
    }
}

fn certificate_text(certificate: &CertificateView) -> String {
    match certificate.good_until {
        Some(until) => format!("good until {}", moment(until)),
        None => certificate.problem.clone().unwrap_or_default(),
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
