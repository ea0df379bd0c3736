//! Metrics of jobs: as this process saw them last, which is some ten seconds ago at most.

use domain::upkeep::Job;
use jobs::{JobRow, Jobs};

use super::text::Text;

/// Writes them. What there was none of yet is left out.
pub(super) fn write(jobs: &Jobs, out: &mut Text) {
    let (rows, leads) = jobs.seen();
    let of = |job: Job| rows.iter().find(|row| row.job == job);
    let mut family = |name: &str, kind: &str, help: &str, value: &dyn Fn(&JobRow) -> Option<f64>| {
        out.family(name, kind, help);
        for row in &rows {
            if let Some(value) = value(row) {
                out.sample(name, &format!("name=\"{}\"", row.job.as_str()), value);
            }
        }
    };
    let seconds = |at: Option<evidence::Timestamp>| {
        let micros = u64::try_from(at?.micros()).ok()?;
        Some(std::time::Duration::from_micros(micros).as_secs_f64())
    };
    family(
        "probity_job_last_success_timestamp_seconds",
        "gauge",
        "When a run of the job last did what it is for, in seconds since 1970.",
        &|row| seconds(row.succeeded_at),
    );
    family(
        "probity_job_last_run_timestamp_seconds",
        "gauge",
        "When the job's newest run began, in seconds since 1970.",
        &|row| seconds(row.started_at),
    );
    family(
        "probity_job_duration_seconds",
        "gauge",
        "How long the job's last run took that ended.",
        &JobRow::seconds,
    );
    family(
        "probity_job_failures_total",
        "counter",
        "Runs of the job that did not do what it is for, of all processes together.",
        &|row| u32::try_from(row.failures).ok().map(f64::from),
    );
    out.single(
        "probity_leader",
        "gauge",
        "1 while this process leads: it runs the jobs.",
        u8::from(leads),
    );
    for (job, name, help) in [
        (
            Job::Backup,
            "probity_backup_last_size_bytes",
            "How large the last backup is that a job wrote.",
        ),
        (
            Job::Verify,
            "probity_verify_findings",
            "What the last verification of the whole log found that a job did.",
        ),
    ] {
        out.family(name, "gauge", help);
        if let Some(figure) = of(job).and_then(|row| row.figure) {
            out.sample(name, "", figure);
        }
    }
}
