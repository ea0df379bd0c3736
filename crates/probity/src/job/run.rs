//! `probity job run`.

use clap::Args;
use domain::upkeep::Job;
use serde_json::json;

use crate::context::{Context, caller};
use crate::failure::{Exit, Failure};
use crate::output;

/// Arguments of `probity job run`.
#[derive(Debug, Args)]
pub struct RunArgs {
    /// Which one: backup, prune, verify-backup, retention, verify, expiry
    #[arg(value_name = "JOB", value_parser = job)]
    job: Job,
}

fn job(word: &str) -> Result<Job, String> {
    Job::read("job", word).map_err(|error| error.to_string())
}

pub async fn run(context: &Context, args: RunArgs) -> Result<Exit, Failure> {
    let job = args.job;
    let came = context
        .with_engine(async |engine| Ok(super::of(context, engine).run(job, &caller()).await?))
        .await?;
    if context.json() {
        output::json(&json!({
            "job": job,
            "succeeded": came.failed.is_none(),
            "figure": came.figure,
            "error": came.failed,
            "details": came.details.0,
        }))?;
    } else {
        output::line(&match (&came.failed, came.figure) {
            (Some(error), _) => format!("✗ {} failed: {error}", job.as_str()),
            (None, Some(figure)) => format!("✓ {} is done: {figure} {}", job.as_str(), job.counts()),
            (None, None) => format!("✓ {} is done", job.as_str()),
        })?;
    }
    Ok(if came.failed.is_none() { Exit::Ok } else { Exit::No })
}
