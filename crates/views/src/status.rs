//! How the service stands, as one of its processes sees it.

use engine::verify::last;
use engine::{Engine, Error, HealthCheck, database};
use evidence::Timestamp;
use jobs::Jobs;
use schemars::JsonSchema;
use serde::Serialize;

use crate::example::at;
use crate::job::{BackupView, JobView};
use crate::noun::Shown;

/// How the service stands.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "Status")]
pub struct StatusView {
    /// Whether every check is well.
    pub healthy: bool,
    /// The database's own name and version; what it said instead, where it does not answer.
    pub database: String,
    /// The last migration that was applied; null where the database does not answer.
    pub migrations_applied: Option<i64>,
    /// The last migration that this program knows.
    pub migrations_known: Option<i64>,
    /// Name of the log.
    pub origin: String,
    /// How many entries it has.
    pub size: u64,
    /// The key that checks its signatures.
    pub verifier_key: String,
    /// Most reading connections of this process.
    pub pool_max: usize,
    /// Those that are open.
    pub pool_open: usize,
    /// Readers that wait for one.
    pub pool_waiting: usize,
    /// The last verification of the whole log by this machine; null where there was none.
    pub verified: Option<VerifiedView>,
    /// Whether this process leads: it runs the jobs.
    pub leads: bool,
    /// Every job.
    pub jobs: Vec<JobView>,
    /// How many backups of this log there are; null where no place is set, or it cannot be read.
    pub backups: Option<usize>,
    /// The newest one.
    pub newest_backup: Option<BackupView>,
    /// Why the place of backups cannot be read.
    pub backups_problem: Option<String>,
    /// Until when the server's certificate is good; null without one.
    pub certificate_until: Option<Timestamp>,
    /// Every check.
    pub checks: Vec<CheckView>,
}

/// A verification of the whole log.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(inline)]
pub struct VerifiedView {
    /// When it ended.
    pub at: Timestamp,
    /// How many entries the log had.
    pub size: u64,
    /// How much was found.
    pub findings: u64,
}

/// A check.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(inline)]
pub struct CheckView {
    /// What is checked.
    pub name: &'static str,
    /// Whether it is well.
    pub ok: bool,
    /// Why it is not, as problems say it, where that is known.
    pub code: Option<&'static str>,
    /// What was found.
    pub detail: String,
}

impl CheckView {
    fn of(check: HealthCheck) -> CheckView {
        CheckView {
            name: check.name,
            ok: check.ok,
            code: check.code,
            detail: check.detail,
        }
    }
}

impl StatusView {
    /// Looks, and shows what there is.
    pub async fn of(
        engine: &Engine,
        jobs: &Jobs,
        certificate_until: Option<Timestamp>,
    ) -> Result<StatusView, Error> {
        let (health, metrics, key) = (engine.health().await, engine.metrics(), engine.verifier_key());
        let version = engine.db().version().await;
        let migrations = match engine.db().reader().await {
            Ok(mut conn) => database::migrate::state(&mut conn).await.ok(),
            Err(_) => None,
        };
        // What the database does not say now, this process may have seen before.
        let states = jobs.states().await.unwrap_or_else(|_| jobs.states_seen());
        let (found, backups_problem) = match jobs.backups().await {
            Ok(found) => (found, None),
            Err(error) => (None, Some(error)),
        };
        let found = found.as_deref();
        Ok(StatusView {
            healthy: health.checks.iter().all(|check| check.ok),
            database: version.unwrap_or_else(|error| error.to_string()),
            migrations_applied: migrations.as_ref().map(|state| state.applied),
            migrations_known: migrations.as_ref().map(|state| state.known),
            origin: key.name().to_owned(),
            size: metrics.log_size,
            verifier_key: key.to_string(),
            pool_max: metrics.pool.max,
            pool_open: metrics.pool.open,
            pool_waiting: metrics.pool.waiting,
            verified: last(&engine.options().data_dir, key.name()).map(|last| VerifiedView {
                at: last.at,
                size: last.size,
                findings: last.findings,
            }),
            leads: jobs.seen().1,
            jobs: states.iter().map(JobView::of).collect(),
            backups: found.map(<[_]>::len),
            newest_backup: found.and_then(|found| found.first()).map(BackupView::of),
            backups_problem,
            certificate_until,
            checks: health.checks.into_iter().map(CheckView::of).collect(),
        })
    }
}

impl Shown for StatusView {
    fn example() -> StatusView {
        StatusView {
            healthy: true,
            database: "PostgreSQL 17.6".to_owned(),
            migrations_applied: Some(26),
            migrations_known: Some(26),
            origin: "log.example/audit".to_owned(),
            size: 4_712,
            verifier_key: "log.example/audit+e4e1ff5b+AbVcGyMVl3UXqA7wtEFKlkB5WmuTnTBFIjOJxZ6KWDIp"
                .to_owned(),
            pool_max: 30,
            pool_open: 3,
            pool_waiting: 0,
            verified: Some(VerifiedView {
                at: at(21, 4),
                size: 4_700,
                findings: 0,
            }),
            leads: true,
            jobs: vec![JobView::example()],
            backups: Some(7),
            newest_backup: Some(BackupView::example()),
            backups_problem: None,
            certificate_until: Some(at(30, 0)),
            checks: vec![CheckView {
                name: "database",
                ok: true,
                code: None,
                detail: "PostgreSQL 17.6".to_owned(),
            }],
        }
    }
}
