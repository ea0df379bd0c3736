//! What each job does. What takes long has a thread of its own, which waits for whatever serves.

use std::sync::Arc;
use std::time::Instant;

use backup::{How, To};
use domain::upkeep::{Job, RecordJob};
use domain::{Caller, Origin};
use engine::Engine;
use engine::verify::{Report, VerifyOptions, VerifyProgress, remember, verify};
use evidence::Outcome;
use evidence::json::StrictObject;
use serde_json::Value;
use tokio::sync::{oneshot, watch};

use crate::rests::Rests;
use crate::settings::{Backups, Settings};

/// Longest reason that an entry keeps, in characters.
const REASON_LEN_MAX: usize = 500;

/// What came of a job.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Came {
    /// A number: bytes of a backup, backups removed, entries checked, findings, rows written down.
    pub figure: Option<u64>,
    /// Why it did not do what it is for.
    pub failed: Option<String>,
    /// What the entry says that records it.
    pub details: StrictObject,
}

impl Came {
    fn of(figure: u64, details: impl IntoIterator<Item = (&'static str, Value)>) -> Came {
        let details = details.into_iter().map(|(name, value)| (name.to_owned(), value));
        Came {
            figure: Some(figure),
            failed: None,
            details: StrictObject(details.collect()),
        }
    }

    fn failed(error: String) -> Came {
        Came {
            failed: Some(error),
            ..Came::default()
        }
    }

    /// A backup was written.
    pub fn of_backup(written: &backup::format::Sidecar) -> Came {
        let details = [
            ("file", written.file.clone().into()),
            ("bytes", written.bytes.into()),
            ("entries", written.entries.into()),
        ];
        Came::of(written.bytes, details)
    }

    /// Backups were removed.
    pub fn of_prune(pruned: &backup::Pruned) -> Came {
        let gone: Vec<_> = pruned.gone.iter().map(|backup| backup.file.clone()).collect();
        let details = [("kept", pruned.kept.into()), ("removed", gone.into())];
        Came::of(pruned.gone.len() as u64, details)
    }

    /// The log was verified.
    pub fn of_verify(report: &Report) -> Came {
        let findings = report.findings.len() as u64 + report.findings_omitted;
        let details = [
            ("entries", report.entries_checked.into()),
            ("findings", findings.into()),
            ("root", report.root.clone().into()),
        ];
        let first = report.findings.first();
        Came {
            failed: first.map(|first| format!("tampered, {findings} found: {first}")),
            ..Came::of(findings, details)
        }
    }
}

/// Who records what jobs do.
pub(crate) fn caller() -> Caller {
    Caller::System { part: "jobs" }
}

/// How far the verification of this process is, or was when it ended.
pub(crate) type Far = Arc<watch::Sender<Option<VerifyProgress>>>;

/// Does a job.
pub(crate) async fn work(engine: &Engine, settings: &Settings, job: Job, far: &Far) -> Came {
    let done = match job {
        Job::Backup => write(engine, settings).await,
        Job::Prune => prune(engine, settings).await,
        Job::VerifyBackup => check(engine, settings).await,
        Job::Retention => retain(engine).await,
        Job::Verify => whole(engine, settings.verify_within_h, far.clone()).await,
        Job::Expiry => expire(engine).await,
    };
    done.unwrap_or_else(Came::failed)
}

/// Records what came of a job, where what it did is not recorded by itself.
pub async fn record(engine: &Engine, caller: &Caller, job: Job, came: &Came) -> Result<(), engine::Error> {
    if job.recorded_as().is_none() {
        return Ok(());
    }
    let mut details = came.details.clone();
    if let Some(reason) = &came.failed {
        let reason: String = reason.chars().take(REASON_LEN_MAX).collect();
        details.0.insert("reason".to_owned(), reason.into());
    }
    let outcome = if came.failed.is_some() {
        Outcome::Failed
    } else {
        Outcome::Success
    };
    let command = RecordJob {
        job,
        outcome,
        details,
    };
    engine
        .submit(caller, Origin::default(), command.into())
        .await
        .map(drop)
}

/// Does something with the place of backups on a thread that may block.
pub(crate) async fn with_place<T: Send + 'static>(
    settings: &Settings,
    work: impl FnOnce(&Backups) -> Result<T, backup::Error> + Send + 'static,
) -> Result<T, String> {
    let backups = settings.backups.clone().ok_or("backup.path is not set")?;
    let done = tokio::task::spawn_blocking(move || work(&backups)).await;
    done.map_err(|_| "a thread stopped".to_owned())?
        .map_err(|error| error.to_string())
}

async fn write(engine: &Engine, settings: &Settings) -> Result<Came, String> {
    let (options, program) = (engine.options().clone(), settings.program);
    let written = with_place(settings, move |backups| {
        let place = backups.made()?;
        // What is to be encrypted is in the clear only where the database's own folder is.
        let here = place.folder().filter(|_| backups.recipients.is_empty());
        let how = How {
            even_tampered: false,
            threads: 1,
            aside: here.unwrap_or(&options.data_dir),
            program,
            recipients: &backups.recipients,
        };
        backup::write(&options, To::Place(&*place), &how, &|_| {})
    });
    Ok(Came::of_backup(&written.await?))
}

async fn prune(engine: &Engine, settings: &Settings) -> Result<Came, String> {
    // By the clock that backups are dated by.
    let (key, now) = (engine.verifier_key().clone(), engine::now());
    let pruned = with_place(settings, move |backups| {
        let place = backups.made()?;
        backup::prune(&*place, &key, (&backups.keep, now, false))
    });
    let pruned = pruned.await?.map_err(|stopped| stopped.to_string())?;
    Ok(Came::of_prune(&pruned))
}

async fn check(engine: &Engine, settings: &Settings) -> Result<Came, String> {
    let key = engine.verifier_key().clone();
    let checked = with_place(settings, move |backups| {
        let place = backups.made()?;
        let name = backup::newest(&*place, Some(key.name()))?;
        let how = (backups.identity.as_deref(), None);
        let checked = backup::check(&*place, &name, how, &|_| {})?;
        if let Some(error) = checked.not_noted {
            tracing::warn!(%error, "that a backup was checked is not noted beside it");
        }
        Ok((name, checked.contents.end.entries))
    });
    let (name, entries) = checked.await?;
    let details = [("file", name.into()), ("entries", entries.into())];
    Ok(Came::of(entries, details))
}

/// Verifies the whole log, while its thread has nothing to wait for: at the lowest priority, one thread alone.
async fn whole(engine: &Engine, within_h: u64, far: Far) -> Result<Came, String> {
    let options = engine.options().clone();
    let size = engine.size();
    let rests = Rests::new(*size.borrow(), within_h, Instant::now());
    far.send_replace(None);
    let rest = move |at| {
        far.send_replace(Some(at));
        rests.pause(at, &size, std::thread::sleep);
    };
    let (answer, verified) = oneshot::channel();
    let verifying = move || {
        engine::credentials::pool::lower_priority();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let report = match runtime {
            Ok(runtime) => {
                let how = VerifyOptions {
                    threads: 1,
                    in_pieces: true,
                };
                let report = runtime.block_on(verify(&options, how, &rest));
                report.map_err(|error| error.to_string())
            }
            Err(error) => Err(error.to_string()),
        };
        if let Ok(report) = &report {
            remember(&options.data_dir, report);
        }
        // Nobody waits any more where the server stops.
        let _ = answer.send(report);
    };
    let thread = std::thread::Builder::new().name("verify".to_owned());
    thread.spawn(verifying).map_err(|error| error.to_string())?;
    let report = verified.await.map_err(|_| "a thread stopped".to_owned())??;
    Ok(Came::of_verify(&report))
}

/// Prunes what no policy keeps any longer. It records itself.
async fn retain(engine: &Engine) -> Result<Came, String> {
    let retained = engine.retain(&caller(), &|_| {}).await;
    let retained = retained.map_err(|error| error.to_string())?;
    Ok(Came::of(retained.entries(), []))
}

/// Writes down what the clock has decided. It records itself.
async fn expire(engine: &Engine) -> Result<Came, String> {
    let swept = engine.sweep().await.map_err(|error| error.to_string())?;
    let all = swept.operations + swept.kyc_records + swept.approvals + swept.executions;
    Ok(Came::of(all, []))
}
