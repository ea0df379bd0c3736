//! How the service stands, as one of its processes sees it: `GET /v1/status` and `probity status`.

use engine::{Engine, Error, Health, HealthCheck, database, disk};
use evidence::Timestamp;
use jobs::Jobs;
use schemars::JsonSchema;
use serde::Serialize;

use crate::example::at;
use crate::job::{BackupView, JobView};
use crate::noun::Shown;
use crate::verified::VerifiedView;

/// How the service stands.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "Status")]
pub struct StatusView {
    /// Whether every check is well.
    pub healthy: bool,
    /// The database.
    pub database: DatabaseView,
    /// Its schema; null where it does not answer.
    pub migrations: Option<MigrationsView>,
    /// The log.
    pub log: LogView,
    /// The key that signs it; null where the database does not answer.
    pub signing_key: Option<SigningKeyView>,
    /// The reading connections of the process that answers.
    pub pool: PoolView,
    /// The last verification of the whole log by this machine; null where there was none.
    pub verified: Option<VerifiedView>,
    /// Whether the process that answers leads: it runs the jobs. A command never does.
    pub leads: bool,
    /// Every job.
    pub jobs: Vec<JobView>,
    /// The backups of this log; null where no place is set.
    pub backups: Option<KeptView>,
    /// The room where the database is on this machine, else where the data folder is; null where the system does not say.
    pub disk: Option<DiskView>,
    /// The certificate of the server; null without one.
    pub certificate: Option<CertificateView>,
    /// Every check.
    pub checks: Vec<CheckView>,
}

/// A database.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(inline)]
pub struct DatabaseView {
    /// Where it is, without a password.
    pub location: String,
    /// Its own name and version; what it said instead, where it does not answer.
    pub version: String,
}

/// A schema.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(inline)]
pub struct MigrationsView {
    /// The last migration that was applied.
    pub applied: i64,
    /// The last migration that this program knows.
    pub known: i64,
}

/// A log.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(inline)]
pub struct LogView {
    /// Its name.
    pub origin: String,
    /// How many entries it has.
    pub size: u64,
    /// The key that checks its signatures.
    pub verifier_key: String,
}

/// The key that signs a log.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(inline)]
pub struct SigningKeyView {
    /// When it was last sealed to leave this machine; null where it never was.
    pub exported_at: Option<Timestamp>,
}

/// Reading connections.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(inline)]
pub struct PoolView {
    /// Most of them at once.
    pub max: usize,
    /// Those that are open.
    pub open: usize,
    /// Those of them that nobody uses.
    pub idle: usize,
    /// Readers that wait for one.
    pub waiting: usize,
}

/// The backups in the place of the settings.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(inline)]
pub struct KeptView {
    /// How many of this log there are; null where the place cannot be read.
    pub count: Option<usize>,
    /// The newest one.
    pub newest: Option<BackupView>,
    /// Why the place cannot be read.
    pub problem: Option<String>,
}

/// The room of a file system, in bytes.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(inline)]
pub struct DiskView {
    /// What is free for the program.
    pub free: u64,
    /// All of it.
    pub whole: u64,
}

/// The certificate of a server.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(inline)]
pub struct CertificateView {
    /// Until when the one that serves is good.
    pub good_until: Option<Timestamp>,
    /// What is wrong with it, or with the files.
    pub problem: Option<String>,
}

impl CertificateView {
    fn check(&self) -> CheckView {
        let until = self.good_until.map(|until| format!("valid until {until}"));
        CheckView {
            name: "certificate",
            ok: self.problem.is_none(),
            code: None,
            detail: self.problem.clone().or(until).unwrap_or_default(),
        }
    }
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

    fn of_verified(verified: &VerifiedView) -> CheckView {
        let ok = verified.findings == 0;
        CheckView {
            name: "verified",
            ok,
            code: (!ok).then_some("tampered"),
            detail: verified.said(),
        }
    }
}

impl StatusView {
    /// Looks, and shows what there is beside the health that was found.
    pub async fn of(
        engine: &Engine,
        jobs: &Jobs,
        health: Health,
        certificate: Option<CertificateView>,
    ) -> Result<StatusView, Error> {
        let (options, metrics, key) = (engine.options(), engine.metrics(), engine.verifier_key());
        let location = &options.database.location;
        let version = engine.db().version().await;
        let migrations = match engine.db().reader().await {
            Ok(mut conn) => database::migrate::state(&mut conn).await.ok(),
            Err(_) => None,
        };
        // What the database does not say now, this process may have seen before.
        let states = jobs.states().await.unwrap_or_else(|_| jobs.states_seen());
        let checks = health.checks.into_iter().map(CheckView::of);
        let verified = VerifiedView::last(engine);
        let checks: Vec<_> = checks
            .chain(verified.as_ref().map(CheckView::of_verified))
            .chain(certificate.as_ref().map(CertificateView::check))
            .collect();
        Ok(StatusView {
            healthy: checks.iter().all(|check| check.ok),
            database: DatabaseView {
                location: location.shown(),
                version: version.unwrap_or_else(|error| error.to_string()),
            },
            migrations: migrations.map(|state| MigrationsView {
                applied: state.applied,
                known: state.known,
            }),
            log: LogView {
                origin: key.name().to_owned(),
                size: metrics.log_size,
                verifier_key: key.to_string(),
            },
            signing_key: engine
                .key_exported()
                .await
                .ok()
                .map(|exported_at| SigningKeyView { exported_at }),
            pool: PoolView {
                max: metrics.pool.max,
                open: metrics.pool.open,
                idle: metrics.pool.idle,
                waiting: metrics.pool.waiting,
            },
            verified,
            leads: jobs.seen().1,
            jobs: states.iter().map(JobView::of).collect(),
            backups: kept(jobs).await,
            disk: disk::room(disk::path_of(location, &options.data_dir)).map(|room| DiskView {
                free: room.free,
                whole: room.whole,
            }),
            certificate,
            checks,
        })
    }
}

async fn kept(jobs: &Jobs) -> Option<KeptView> {
    let (found, problem) = match jobs.backups().await {
        Ok(found) => (Some(found?), None),
        Err(error) => (None, Some(error)),
    };
    Some(KeptView {
        count: found.as_ref().map(Vec::len),
        newest: found.and_then(|found| found.first().map(BackupView::of)),
        problem,
    })
}

impl Shown for StatusView {
    fn example() -> StatusView {
        StatusView {
            healthy: true,
            database: DatabaseView {
                location: "postgres://probity@db.example/probity".to_owned(),
                version: "PostgreSQL 17.6".to_owned(),
            },
            migrations: Some(MigrationsView {
                applied: 26,
                known: 26,
            }),
            log: LogView {
                origin: "log.example/audit".to_owned(),
                size: 4_712,
                verifier_key: "log.example/audit+e4e1ff5b+AbVcGyMVl3UXqA7wtEFKlkB5WmuTnTBFIjOJxZ6KWDIp"
                    .to_owned(),
            },
            signing_key: Some(SigningKeyView {
                exported_at: Some(at(1, 9)),
            }),
            pool: PoolView {
                max: 30,
                open: 3,
                idle: 2,
                waiting: 0,
            },
            verified: Some(VerifiedView {
                at: at(21, 4),
                size: 4_700,
                findings: 0,
                found: Vec::new(),
            }),
            leads: true,
            jobs: vec![JobView::example()],
            backups: Some(KeptView {
                count: Some(7),
                newest: Some(BackupView::example()),
                problem: None,
            }),
            disk: Some(DiskView {
                free: 41_203_519_488,
                whole: 105_089_261_568,
            }),
            certificate: Some(CertificateView {
                good_until: Some(at(30, 0)),
                problem: None,
            }),
            checks: vec![CheckView {
                name: "database",
                ok: true,
                code: None,
                detail: "PostgreSQL 17.6".to_owned(),
            }],
        }
    }
}
