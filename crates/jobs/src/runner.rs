//! Who leads looks every ten seconds what is due, and begins it. A run is begun by one statement, which takes the lease for
//! granted no more than the row: whoever has lost it begins nothing.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use backup::format::Sidecar;
use domain::Caller;
use domain::upkeep::{Job, RunOutcome};
use engine::upkeep::{Ended, JobRow, JobWrite};
use engine::verify::VerifyProgress;
use engine::{Engine, Error};
use evidence::time::Timestamp;
use tokio::sync::{Notify, watch};
use uuid::Uuid;

use crate::lease::{Leading, RENEWED_EVERY};
use crate::schedule::{When, done_to};
use crate::settings::Settings;
use crate::work::{Came, Far, caller, record, with_place, work};

/// Fewer entries in a second than this, and none that waits: time to verify.
const IDLE_ENTRIES: u64 = 10;

/// The jobs of a process. Clones are the same.
#[derive(Clone)]
pub struct Jobs(Arc<Inner>);

struct Inner {
    engine: Engine,
    settings: Settings,
    /// Held while looking, so that two looks are one after the other.
    leading: tokio::sync::Mutex<Leading>,
    /// Runs of this process.
    active: Mutex<BTreeMap<Job, Run>>,
    /// How many those are.
    running: watch::Sender<usize>,
    /// How jobs were when they were last read, and whether this process led.
    seen: Mutex<(Vec<JobRow>, bool)>,
    /// The log's size when it was last looked at, and when.
    size: Mutex<Option<(u64, Duration)>>,
    wake: Notify,
    far: Far,
}

/// A run of this process.
struct Run {
    id: Uuid,
    task: Option<tokio::task::AbortHandle>,
}

/// How a job stands.
#[derive(Clone, Debug)]
pub struct State {
    /// Which one.
    pub job: Job,
    /// When it is due, in general.
    pub when: When,
    /// When the next run is due.
    pub next: Option<Timestamp>,
    /// What is known of it; none where no process has looked at it yet.
    pub row: Option<JobRow>,
    /// How far the newest run of this process is, or was when it ended: of a verification.
    pub far: Option<VerifyProgress>,
}

impl fmt::Debug for Jobs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Jobs")
            .field("settings", &self.0.settings)
            .finish_non_exhaustive()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Jobs {
    /// The jobs of this engine. Nothing runs yet.
    pub fn new(engine: Engine, settings: Settings) -> Jobs {
        Jobs(Arc::new(Inner {
            leading: tokio::sync::Mutex::new(Leading::new(Uuid::now_v7())),
            engine,
            settings,
            active: Mutex::default(),
            running: watch::Sender::new(0),
            seen: Mutex::default(),
            size: Mutex::default(),
            wake: Notify::new(),
            far: Far::default(),
        }))
    }

    /// What they go by.
    pub fn settings(&self) -> &Settings {
        &self.0.settings
    }

    /// How jobs were when this process last looked, and whether it leads.
    pub fn seen(&self) -> (Vec<JobRow>, bool) {
        lock(&self.0.seen).clone()
    }

    /// How every job stands.
    pub async fn states(&self) -> Result<Vec<State>, Error> {
        Ok(self.states_of(&self.0.engine.jobs().await?))
    }

    /// How every job stood when this process last looked.
    pub fn states_seen(&self) -> Vec<State> {
        self.states_of(&self.seen().0)
    }

    fn states_of(&self, rows: &[JobRow]) -> Vec<State> {
        let now = self.0.engine.now();
        let state = |job: &Job| {
            let (when, row) = (
                self.0.settings.when(*job),
                rows.iter().find(|row| row.job == *job),
            );
            State {
                job: *job,
                next: row.and_then(|row| when.next(row, now)),
                when,
                row: row.cloned(),
                far: (*job == Job::Verify).then(|| *self.0.far.borrow()).flatten(),
            }
        };
        Job::ALL.iter().map(state).collect()
    }

    /// The backups of this log in the place of the settings, newest first; none where no place is set.
    pub async fn backups(&self) -> Result<Option<Vec<Sidecar>>, String> {
        let origin = self.0.engine.verifier_key().name().to_owned();
        let settings = &self.0.settings;
        if settings.backups.is_none() {
            return Ok(None);
        }
        let listed = with_place(settings, move |backups| {
            backup::list(&*backups.open()?, Some(&origin))
        });
        Ok(Some(listed.await?.backups))
    }

    /// Looks again and again, until it is dropped.
    pub async fn keep_looking(&self) {
        let mut failing = false;
        loop {
            match self.look().await {
                Ok(()) => failing = false,
                Err(error) => {
                    let leading = self.0.leading.lock().await;
                    lock(&self.0.seen).1 = leading.leads(self.0.engine.clock().steady());
                    // While a database is away it is said once.
                    if !failing {
                        tracing::warn!(%error, "what is due cannot be looked at");
                    }
                    failing = true;
                }
            }
            tokio::select! {
                () = tokio::time::sleep(RENEWED_EVERY) => {}
                () = self.0.wake.notified() => {}
            }
        }
    }

    /// Looks once: takes or renews the lease, and begins what is due where this process leads.
    pub async fn look(&self) -> Result<(), Error> {
        let inner = &self.0;
        let engine = &inner.engine;
        let mut leading = inner.leading.lock().await;
        let asked = engine.clock().steady();
        let lease = engine.leader().await?;
        let mut came = false;
        if leading.wants(lease, engine.clock().steady()) {
            let write = JobWrite::Lease {
                beats: lease.beats,
                holder: Some(leading.me()),
            };
            came = leading.written(engine.write_job(write).await?, asked);
        }
        let leads = leading.leads(engine.clock().steady());
        let idle = self.idle();
        let mut rows = engine.jobs().await?;
        if leads {
            if came {
                tracing::info!("this process leads: it runs the jobs");
                self.break_off(&rows).await?;
            }
            self.know(&rows).await?;
            rows = engine.jobs().await?;
            for row in &rows {
                let (when, now) = (inner.settings.when(row.job), engine.now());
                if when.is_due(row, now, idle) {
                    self.begin(row, now, Some(leading.me())).await?;
                }
            }
            rows = engine.jobs().await?;
        }
        *lock(&inner.seen) = (rows, leads);
        Ok(())
    }

    /// Whether next to nothing was written since the last look.
    fn idle(&self) -> bool {
        let (metrics, now) = (self.0.engine.metrics(), self.0.engine.clock().steady());
        let before = lock(&self.0.size).replace((metrics.log_size, now));
        before.is_some_and(|(size, then)| {
            let seconds = now.saturating_sub(then).as_secs().max(1);
            metrics.queue_length == 0 && metrics.log_size.saturating_sub(size) < seconds * IDLE_ENTRIES
        })
    }

    /// Makes the rows that are missing. What was due before nobody knew of it is not due.
    async fn know(&self, rows: &[JobRow]) -> Result<(), Error> {
        for job in Job::ALL {
            if rows.iter().all(|row| row.job != *job) {
                let write = JobWrite::Know(*job, self.0.engine.now());
                self.0.engine.write_job(write).await?;
            }
        }
        Ok(())
    }

    /// Says of runs that nobody is at any more that they were broken off.
    async fn break_off(&self, rows: &[JobRow]) -> Result<(), Error> {
        for row in rows.iter().filter(|row| row.outcome == Some(RunOutcome::Running)) {
            let mine = lock(&self.0.active).get(&row.job).map(|run| run.id);
            let Some(run) = row.run.filter(|run| mine != Some(*run)) else {
                continue;
            };
            let error = "the process that ran it ended without a word";
            self.end(row.job, run, RunOutcome::BrokenOff, Some(error.to_owned()), None)
                .await?;
        }
        Ok(())
    }

    /// Begins a run, unless this process is at one already or somebody else leads.
    async fn begin(&self, row: &JobRow, now: Timestamp, leader: Option<Uuid>) -> Result<(), Error> {
        let Some(run) = self.claim(row.job) else {
            return Ok(());
        };
        match self.write_begin(row, run, now, leader).await {
            Ok(true) => {}
            Ok(false) => {
                self.over(row.job);
                return Ok(());
            }
            Err(error) => {
                self.over(row.job);
                return Err(error);
            }
        }
        let (jobs, job) = (self.clone(), row.job);
        let task = tokio::spawn(async move {
            let came = jobs.carry_out(job, &caller()).await;
            while let Err(error) = jobs.finish(job, run, &came).await {
                tracing::warn!(%error, job = job.as_str(), "how a job ended is not written down yet");
                tokio::time::sleep(RENEWED_EVERY).await;
            }
            jobs.over(job);
            jobs.0.wake.notify_one();
        });
        if let Some(active) = lock(&self.0.active).get_mut(&row.job) {
            active.task = Some(task.abort_handle());
        }
        Ok(())
    }

    async fn write_begin(
        &self,
        row: &JobRow,
        run: Uuid,
        at: Timestamp,
        leader: Option<Uuid>,
    ) -> Result<bool, Error> {
        let write = JobWrite::Begin {
            job: row.job,
            run,
            at,
            done_to: done_to(row, at),
            leader,
        };
        self.0.engine.write_job(write).await
    }

    /// A run of this process, unless it is at one.
    fn claim(&self, job: Job) -> Option<Uuid> {
        let mut active = lock(&self.0.active);
        if active.contains_key(&job) {
            return None;
        }
        let id = Uuid::now_v7();
        active.insert(job, Run { id, task: None });
        self.0.running.send_replace(active.len());
        Some(id)
    }

    fn over(&self, job: Job) {
        let mut active = lock(&self.0.active);
        active.remove(&job);
        self.0.running.send_replace(active.len());
    }

    /// Does a job that has begun, and records what came of it.
    async fn carry_out(&self, job: Job, caller: &Caller) -> Came {
        let engine = &self.0.engine;
        let mut came = work(engine, &self.0.settings, job, &self.0.far).await;
        if let Err(error) = record(engine, caller, job, &came).await {
            tracing::warn!(%error, job = job.as_str(), "what came of a job is not recorded");
            came.failed
                .get_or_insert_with(|| format!("it was done, and could not be recorded: {error}"));
        }
        match &came.failed {
            None => tracing::info!(job = job.as_str(), figure = came.figure, "a job is done"),
            Some(error) => tracing::error!(job = job.as_str(), error, "a job failed"),
        }
        came
    }

    /// Writes down how a run ended.
    async fn finish(&self, job: Job, run: Uuid, came: &Came) -> Result<(), Error> {
        let outcome = if came.failed.is_some() {
            RunOutcome::Failed
        } else {
            RunOutcome::Succeeded
        };
        self.end(job, run, outcome, came.failed.clone(), came.figure)
            .await
    }

    async fn end(
        &self,
        job: Job,
        run: Uuid,
        outcome: RunOutcome,
        error: Option<String>,
        figure: Option<u64>,
    ) -> Result<(), Error> {
        let ended = Ended {
            at: self.0.engine.now(),
            outcome,
            error,
            figure: figure.and_then(|figure| i64::try_from(figure).ok()),
        };
        self.0
            .engine
            .write_job(JobWrite::End(job, run, ended))
            .await
            .map(drop)
    }

    /// Asks whoever leads for a run.
    pub async fn ask(&self, job: Job) -> Result<(), Error> {
        let now = self.0.engine.now();
        self.0.engine.write_job(JobWrite::Know(job, now)).await?;
        self.0.engine.write_job(JobWrite::Ask(job, now)).await?;
        self.0.wake.notify_one();
        Ok(())
    }

    /// Runs a job here and now, whoever leads; what came of it.
    pub async fn run(&self, job: Job, caller: &Caller) -> Result<Came, Error> {
        let (engine, now) = (&self.0.engine, self.0.engine.now());
        engine.write_job(JobWrite::Know(job, now)).await?;
        let rows = engine.jobs().await?;
        let row = rows.iter().find(|row| row.job == job);
        let row = row.ok_or_else(|| Error::problem("a job has no row", "report this as a bug"))?;
        let run = Uuid::now_v7();
        self.write_begin(row, run, now, None).await?;
        let came = self.carry_out(job, caller).await;
        self.finish(job, run, &came).await?;
        Ok(came)
    }

    /// Waits until no run of this process is under way.
    pub async fn settled(&self) {
        let mut running = self.0.running.subscribe();
        // It lasts as long as this does.
        drop(running.wait_for(|running| *running == 0).await);
    }

    /// Ends what is under way, which whoever leads next does again, and gives the lease back.
    pub async fn stop(&self) {
        let ended: Vec<_> = std::mem::take(&mut *lock(&self.0.active)).into_iter().collect();
        for (job, run) in ended {
            if let Some(task) = run.task {
                task.abort();
            }
            let error = Some("the server was stopped".to_owned());
            if let Err(error) = self.end(job, run.id, RunOutcome::BrokenOff, error, None).await {
                tracing::warn!(%error, job = job.as_str(), "that a job was ended is not written down");
            }
        }
        let mut leading = self.0.leading.lock().await;
        if let Err(error) = self.give_back(&mut leading).await {
            tracing::warn!(%error, "the lease of the jobs was not given back: another process takes over in half a minute");
        }
    }

    async fn give_back(&self, leading: &mut Leading) -> Result<(), Error> {
        let lease = self.0.engine.leader().await?;
        if lease.holder == Some(leading.me()) {
            let write = JobWrite::Lease {
                beats: lease.beats,
                holder: None,
            };
            self.0.engine.write_job(write).await?;
        }
        leading.gave_back();
        Ok(())
    }
}
