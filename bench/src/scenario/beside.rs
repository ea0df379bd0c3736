//! Appends beside what is done again and again: what they keep of their rate, and how large SQLite's WAL becomes meanwhile. And
//! jobs of a server, asked for.

use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::{Context, On, answers, as_f64, progress};
use crate::error::Error;
use crate::identity::{bearer, get, post};
use crate::options::Engine;
use crate::probity::{Installation, Server};
use crate::workload::Append;

/// How much the WAL may grow.
const WAL_MIB_MAX: f64 = 256.0;

/// How often it is asked whether a job has ended.
const ASKED_EVERY: Duration = Duration::from_millis(20);

impl Context<'_> {
    /// Appends alone, and then beside `again`, which runs once more after each end for as long as there is load. They should
    /// keep this part of their rate.
    pub(super) fn beside(
        &mut self,
        (what, kept): (&str, f64),
        (engine, installation, server): (Engine, &Installation, &Server),
        connections: usize,
        again: impl Fn() -> Result<(), Error> + Sync,
    ) -> Result<(), Error> {
        progress(&format!("append on {engine}: {connections} connections, alone"));
        let plan = self.timed(connections, None);
        let append = || Append::new(server.address, &installation.key, 1);
        let alone = self.measure("append alone", On::Server(engine, server), &plan, &mut append())?;
        progress(&format!(
            "append on {engine}: {connections} connections, beside {what}"
        ));
        let (over, wal) = (AtomicBool::new(false), installation.wal());
        let (beside, grown, times) = std::thread::scope(|scope| {
            let watching = scope.spawn(|| watch(wal.as_deref(), &over));
            let running = scope.spawn(|| {
                let mut times = 0;
                while !over.load(Ordering::Relaxed) {
                    again()?;
                    times += 1;
                }
                Ok::<u32, Error>(times)
            });
            let name = format!("append beside {what}");
            let beside = self.measure(&name, On::Server(engine, server), &plan, &mut append());
            over.store(true, Ordering::Relaxed);
            let panicked = || Error::Usage("a thread panicked".into());
            let grown = watching.join().map_err(|_| panicked())?;
            let times = running.join().map_err(|_| panicked())??;
            Ok::<_, Error>((beside?, grown, times))
        })?;
        progress(&format!("  {times} {what} meanwhile"));
        let name = format!("append on {engine}: beside {what} / alone");
        self.ratio(name, beside.items_per_second, alone.items_per_second, Some(kept));
        self.report.loads.extend([alone, beside]);
        if wal.is_some() {
            let name = format!("largest WAL beside {what} on {engine}, {WAL_MIB_MAX} MiB / MiB");
            self.ratio(name, WAL_MIB_MAX, as_f64(grown >> 20).max(1.0), Some(1.0));
        }
        Ok(())
    }
}

/// The largest that a file was, looked at every 10 ms until it is over.
fn watch(file: Option<&Path>, over: &AtomicBool) -> u64 {
    let mut largest = 0;
    while !over.load(Ordering::Relaxed) {
        let length = file
            .and_then(|file| fs::metadata(file).ok())
            .map_or(0, |about| about.len());
        largest = largest.max(length);
        std::thread::sleep(Duration::from_millis(10));
    }
    largest
}

/// Has a server run a job, and waits for its end: how many seconds it took, and what it counted.
pub(super) fn run_job(server: &Server, admin_key: &str, job: &str) -> Result<(f64, u64), Error> {
    let path = format!("/v1/jobs/{job}/run");
    let asked = post(server.address, &path, &bearer(admin_key), "");
    answers(server, 1, vec![asked])?;
    loop {
        let question = get(server.address, "/v1/jobs", admin_key);
        let answer = answers(server, 1, vec![question])?;
        let jobs = answer.first().and_then(|answer| answer["jobs"].as_array());
        let shown = jobs.and_then(|jobs| jobs.iter().find(|shown| shown["name"] == job));
        let shown = shown.ok_or_else(|| Error::Server(format!("there is no job {job}")))?;
        let waits = shown["asked_at"].is_string();
        match shown["outcome"].as_str() {
            Some("succeeded") if !waits => {
                let figure = shown["figure"].as_u64().unwrap_or_default();
                return Ok((shown["seconds"].as_f64().unwrap_or_default(), figure));
            }
            Some("failed" | "broken_off") if !waits => {
                let error = &shown["error"];
                return Err(Error::Server(format!("the job {job} failed: {error}")));
            }
            _ => std::thread::sleep(ASKED_EVERY),
        }
    }
}
