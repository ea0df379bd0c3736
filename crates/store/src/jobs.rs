//! The side tables of jobs: how each went last, and which process leads. They are not sealed: what a job did is in the
//! log, and a job may run twice.
//!
//! A lease has no time in it, so no clock can be wrong about it. Its holder makes `beats` grow; another process takes it
//! once it has seen the same number for long enough, by its own steady clock.

use std::time::Duration;

use domain::record::Val;
use domain::upkeep::{Job, RunOutcome};
use evidence::time::Timestamp;
use uuid::Uuid;

use crate::conn::Conn;
use crate::error::Error;
use crate::row::Row;

/// The lease of whoever leads.
const NAME: &str = "jobs";

/// A lease as it was read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Lease {
    /// Who holds it; none where it was given back.
    pub holder: Option<Uuid>,
    /// How often it was taken, renewed and given back.
    pub beats: i64,
}

/// What is known of a job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobRow {
    /// Which one.
    pub job: Job,
    /// Up to when the times of its schedule are covered.
    pub done_to: Timestamp,
    /// When somebody asked for a run that has not begun.
    pub asked_at: Option<Timestamp>,
    /// The newest run.
    pub run: Option<Uuid>,
    /// When that began.
    pub started_at: Option<Timestamp>,
    /// When that ended.
    pub ended_at: Option<Timestamp>,
    /// How long the last one took that ended, in microseconds.
    pub took_us: Option<i64>,
    /// How the newest run stands.
    pub outcome: Option<RunOutcome>,
    /// Why it failed.
    pub error: Option<String>,
    /// What the last run that gave a number gave.
    pub figure: Option<i64>,
    /// When the last one ended that did what it is for.
    pub succeeded_at: Option<Timestamp>,
    /// How many did not.
    pub failures: u64,
}

impl JobRow {
    /// How long the last run took that ended, in seconds.
    pub fn seconds(&self) -> Option<f64> {
        let micros = u64::try_from(self.took_us?).ok()?;
        Some(Duration::from_micros(micros).as_secs_f64())
    }
}

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ended {
    /// When.
    pub at: Timestamp,
    /// Whether it did what it is for.
    pub outcome: RunOutcome,
    /// Why it did not.
    pub error: Option<String>,
    /// What it gave.
    pub figure: Option<i64>,
}

/// Something to be written, in one statement; the answer is how many rows that changed.
#[derive(Clone, Debug)]
pub enum JobWrite {
    /// Takes, renews or gives back the lease, unless somebody did since it was read.
    Lease {
        /// As it was read.
        beats: i64,
        /// Who holds it then.
        holder: Option<Uuid>,
    },
    /// Makes the row of a job, where there is none.
    Know(Job, Timestamp),
    /// Asks for a run.
    Ask(Job, Timestamp),
    /// Begins a run.
    Begin {
        /// Of which job.
        job: Job,
        /// The run.
        run: Uuid,
        /// When.
        at: Timestamp,
        /// Up to when the times of its schedule are covered then.
        done_to: Timestamp,
        /// Who must hold the lease, where somebody must.
        leader: Option<Uuid>,
    },
    /// Ends a run, unless another one has begun.
    End(Job, Uuid, Ended),
}

/// What makes the lease, before it is ever taken.
const FIRST_LEASE: &str =
    "INSERT INTO leases (name, holder, beats) VALUES ($1, NULL, 0) ON CONFLICT (name) DO NOTHING";

const BEGIN: &str = "UPDATE jobs SET run = $2, started_at = $3, done_to = $4, ended_at = NULL, outcome = 'running', \
                     error = NULL, asked_at = CASE WHEN asked_at > $3 THEN asked_at END WHERE job = $1";

const END: &str = "UPDATE jobs SET ended_at = $3, outcome = $4, error = $5, figure = coalesce($6, figure), took_us = $7, \
                   succeeded_at = CASE WHEN $4 = 'succeeded' THEN $3 ELSE succeeded_at END, \
                   failures = failures + CASE WHEN $4 = 'succeeded' THEN 0 ELSE 1 END \
                   WHERE job = $1 AND run = $2 AND ended_at IS NULL";

impl JobWrite {
    /// Writes it; how many rows that changed.
    pub async fn run(&self, conn: &mut Conn) -> Result<u64, Error> {
        match self {
            JobWrite::Lease { beats, holder } => {
                if *beats == 0 {
                    conn.exec(FIRST_LEASE, &[NAME.into()]).await?;
                }
                let sql = "UPDATE leases SET holder = $2, beats = beats + 1 WHERE name = $1 AND beats = $3";
                conn.exec(sql, &[NAME.into(), (*holder).into(), (*beats).into()])
                    .await
            }
            JobWrite::Know(job, since) => {
                let sql = "INSERT INTO jobs (job, done_to, failures) VALUES ($1, $2, 0) ON CONFLICT (job) DO NOTHING";
                conn.exec(sql, &[job.as_str().into(), (*since).into()]).await
            }
            JobWrite::Ask(job, at) => {
                let sql = "UPDATE jobs SET asked_at = $2 WHERE job = $1";
                conn.exec(sql, &[job.as_str().into(), (*at).into()]).await
            }
            JobWrite::Begin {
                job,
                run,
                at,
                done_to,
                leader,
            } => {
                let mut args = vec![
                    job.as_str().into(),
                    Val::Uuid(*run),
                    (*at).into(),
                    (*done_to).into(),
                ];
                let Some(leader) = leader else {
                    return conn.exec(BEGIN, &args).await;
                };
                args.extend([NAME.into(), Val::Uuid(*leader)]);
                let sql =
                    format!("{BEGIN} AND EXISTS (SELECT 1 FROM leases WHERE name = $5 AND holder = $6)");
                conn.exec(&sql, &args).await
            }
            JobWrite::End(job, run, ended) => end(conn, *job, *run, ended).await,
        }
    }
}

async fn end(conn: &mut Conn, job: Job, run: Uuid, ended: &Ended) -> Result<u64, Error> {
    let sql = "SELECT started_at FROM jobs WHERE job = $1 AND run = $2";
    let row = conn.opt(sql, &[job.as_str().into(), Val::Uuid(run)]).await?;
    let Some(started) = row.map(|row| row.time(0)).transpose()? else {
        return Ok(0);
    };
    let took = ended.at.micros().saturating_sub(started.micros()).max(0);
    let args = [
        job.as_str().into(),
        Val::Uuid(run),
        ended.at.into(),
        ended.outcome.as_str().into(),
        ended.error.as_deref().into(),
        ended.figure.into(),
        took.into(),
    ];
    conn.exec(END, &args).await
}

/// The lease of whoever leads.
pub async fn lease(conn: &mut Conn) -> Result<Lease, Error> {
    let sql = "SELECT holder, beats FROM leases WHERE name = $1";
    let Some(row) = conn.opt(sql, &[NAME.into()]).await? else {
        return Ok(Lease::default());
    };
    Ok(Lease {
        holder: row.optional_uuid(0)?,
        beats: row.int(1)?,
    })
}

/// What is known of jobs, of those that this program has.
pub async fn jobs(conn: &mut Conn) -> Result<Vec<JobRow>, Error> {
    let sql = "SELECT job, done_to, asked_at, run, started_at, ended_at, took_us, outcome, error, figure, succeeded_at, \
               failures FROM jobs ORDER BY job";
    let rows = conn.all(sql, &[]).await?;
    // Another version may have others.
    let known = |row: Row| Some((Job::parse(row.text(0).ok()?)?, row));
    rows.into_iter()
        .filter_map(known)
        .map(|(job, row)| {
            let number = |position| match row.0.get(position) {
                None | Some(Val::Null) => Ok(None),
                Some(_) => row.int(position).map(Some),
            };
            Ok(JobRow {
                job,
                done_to: row.time(1)?,
                asked_at: row.optional_time(2)?,
                run: row.optional_uuid(3)?,
                started_at: row.optional_time(4)?,
                ended_at: row.optional_time(5)?,
                took_us: number(6)?,
                outcome: row.optional_text(7)?.and_then(RunOutcome::parse),
                error: row.optional_text(8)?.map(str::to_owned),
                figure: number(9)?,
                succeeded_at: row.optional_time(10)?,
                failures: row.unsigned(11)?,
            })
        })
        .collect()
}
