//! Jobs and backups. No sealed row stands behind them: how a job went is in the log too.

use backup::format::Sidecar;
use domain::upkeep::{Job, RunOutcome};
use evidence::Timestamp;
use jobs::{State, When};
use schemars::JsonSchema;
use serde::Serialize;

use crate::cell::count;
use crate::example::at;
use crate::noun::Shown;

/// How a job stands.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "Job")]
pub struct JobView {
    /// Its name.
    pub name: Job,
    /// When it is due: an expression of cron; null for one that goes by hours, or runs only when somebody asks for it.
    pub schedule: Option<String>,
    /// The zone that the expression is of, such as `Europe/Berlin`.
    pub zone: Option<String>,
    /// It runs within so many hours, in idle time where there is any.
    pub within_h: Option<u64>,
    /// Why it runs only when somebody asks for it.
    pub not_scheduled: Option<&'static str>,
    /// When the next run is due, at the latest.
    pub next_at: Option<Timestamp>,
    /// When somebody asked for a run that has not begun.
    pub asked_at: Option<Timestamp>,
    /// When the newest run began.
    pub started_at: Option<Timestamp>,
    /// When it ended; null while it is under way.
    pub ended_at: Option<Timestamp>,
    /// How it stands: `running`, `succeeded`, `failed`, or `broken_off` where its process ended before it.
    pub outcome: Option<RunOutcome>,
    /// Why it failed.
    pub error: Option<String>,
    /// What the last run gave that gave a number: bytes of a backup, backups removed, entries checked in a backup, payloads
    /// pruned, findings of a verification, expiries written down.
    pub figure: Option<i64>,
    /// When a run last did what the job is for.
    pub succeeded_at: Option<Timestamp>,
    /// How long the last run took that ended, in seconds.
    pub seconds: Option<f64>,
    /// How many runs did not do what the job is for.
    pub failures: u64,
    /// How far a verification is that the answering process is at.
    pub progress: Option<ProgressView>,
}

/// How far a verification is.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "Progress")]
pub struct ProgressView {
    /// Checked so far.
    pub done: u64,
    /// All there are.
    pub total: u64,
    /// Of what: `entries`, or the rows of a table.
    pub what: &'static str,
}

impl JobView {
    /// Shows a job.
    pub fn of(state: &State) -> JobView {
        let (schedule, zone, within_h, not_scheduled) = match &state.when {
            When::At(expression, zone) => (Some(expression.to_string()), Some(zone.to_string()), None, None),
            When::Within(hours) => (None, None, Some(*hours), None),
            When::Asked(why) => (None, None, None, Some(*why)),
        };
        let row = state.row.clone();
        let row = row.as_ref();
        let runs = row.is_some_and(|row| row.outcome == Some(RunOutcome::Running));
        JobView {
            name: state.job,
            schedule,
            zone,
            within_h,
            not_scheduled,
            next_at: state.next,
            asked_at: row.and_then(|row| row.asked_at),
            started_at: row.and_then(|row| row.started_at),
            ended_at: row.and_then(|row| row.ended_at),
            outcome: row.and_then(|row| row.outcome),
            error: row.and_then(|row| row.error.clone()),
            figure: row.and_then(|row| row.figure),
            succeeded_at: row.and_then(|row| row.succeeded_at),
            seconds: row.and_then(jobs::JobRow::seconds),
            failures: row.map_or(0, |row| row.failures),
            progress: state.far.filter(|_| runs).map(|far| ProgressView {
                done: far.done,
                total: far.total,
                what: far.what,
            }),
        }
    }

    /// How much the last verification found, where it found something.
    pub fn found(&self) -> Option<u64> {
        let failed = self.name == Job::Verify && self.outcome == Some(RunOutcome::Failed);
        let found = self.figure.filter(|found| failed && *found > 0)?;
        Some(found.unsigned_abs())
    }

    /// How it stands, in words: with how far it is, where that is known.
    pub fn stands(&self) -> Option<String> {
        let word = self.outcome?.as_str();
        Some(match &self.progress {
            Some(ProgressView { done, total, what }) => {
                format!("{word}: {} of {} {what}", count(*done), count(*total))
            }
            None => word.to_owned(),
        })
    }

    /// When it is due, in words, or why it is not.
    pub fn said(&self) -> String {
        match (&self.schedule, &self.zone, self.within_h) {
            (Some(schedule), Some(zone), _) => format!("{schedule} {zone}"),
            (_, _, Some(hours)) => format!("within {hours} h"),
            _ => self.not_scheduled.unwrap_or_default().to_owned(),
        }
    }
}

impl Shown for JobView {
    fn example() -> JobView {
        JobView {
            name: Job::Backup,
            schedule: Some("0 2 * * *".to_owned()),
            zone: Some("Europe/Berlin".to_owned()),
            within_h: None,
            not_scheduled: None,
            next_at: Some(at(22, 1)),
            asked_at: None,
            started_at: Some(at(21, 1)),
            ended_at: Some(at(21, 1)),
            outcome: Some(RunOutcome::Succeeded),
            error: None,
            figure: Some(48_211_963),
            succeeded_at: Some(at(21, 1)),
            seconds: Some(4.5),
            failures: 0,
            progress: None,
        }
    }
}

/// Every job.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Jobs {
    /// All there are.
    pub jobs: Vec<JobView>,
}

impl Jobs {
    /// Shows all.
    pub fn of(states: &[State]) -> Jobs {
        Jobs {
            jobs: states.iter().map(JobView::of).collect(),
        }
    }
}

impl Shown for Jobs {
    fn example() -> Jobs {
        Jobs {
            jobs: vec![JobView::example()],
        }
    }
}

/// A backup, as what lies beside it says.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "Backup")]
pub struct BackupView {
    /// Name of its file.
    pub file: String,
    /// The state of the log that it holds is of this time.
    pub taken_at: Timestamp,
    /// How many entries that has.
    pub entries: u64,
    /// How large the file is.
    pub bytes: u64,
    /// SHA-256 of the file, in hex.
    pub sha256: String,
    /// Whether it is encrypted.
    pub encrypted: bool,
    /// Whether it is of a database that was not as its log says.
    pub even_tampered: bool,
    /// When somebody last checked the whole file.
    pub verified_at: Option<Timestamp>,
}

impl BackupView {
    /// Shows a backup.
    pub fn of(backup: &Sidecar) -> BackupView {
        BackupView {
            file: backup.file.clone(),
            taken_at: backup.snapshot_at,
            entries: backup.entries,
            bytes: backup.bytes,
            sha256: backup.sha256.clone(),
            encrypted: backup.encrypted.is_some(),
            even_tampered: backup.manifest.even_tampered,
            verified_at: backup.verified_at,
        }
    }
}

impl Shown for BackupView {
    fn example() -> BackupView {
        BackupView {
            file: "probity-log.example_audit-20261121T010000Z-4712.tar.zst".to_owned(),
            taken_at: at(21, 1),
            entries: 4_712,
            bytes: 1_848_211,
            sha256: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08".to_owned(),
            encrypted: false,
            even_tampered: false,
            verified_at: Some(at(21, 3)),
        }
    }
}

/// The backups of a log in the place of the settings.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Backups {
    /// Newest first; null where no place is set.
    pub backups: Option<Vec<BackupView>>,
}

impl Backups {
    /// Shows them; none where no place is set.
    pub fn of(found: Option<&[Sidecar]>) -> Backups {
        Backups {
            backups: found.map(|found| found.iter().map(BackupView::of).collect()),
        }
    }
}

impl Shown for Backups {
    fn example() -> Backups {
        Backups {
            backups: Some(vec![BackupView::example()]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_runs_says_how_far_it_is_where_that_is_known() {
        let mut job = JobView::example();
        assert_eq!(job.stands().as_deref(), Some("succeeded"));
        job.outcome = Some(RunOutcome::Running);
        assert_eq!(job.stands().as_deref(), Some("running"));
        job.progress = Some(ProgressView {
            done: 4_096,
            total: 10_000,
            what: engine::verify::ENTRIES,
        });
        assert_eq!(job.stands().as_deref(), Some("running: 4,096 of 10,000 entries"));
        job.outcome = None;
        assert_eq!(job.stands(), None);
    }
}
