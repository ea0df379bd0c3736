//! `POST /v1/jobs/{job}/run`

use domain::upkeep::{Job, RunJob};
use domain::{Act, code};
use http::StatusCode;
use views::{JobView, Jobs};

use crate::call::{Answer, Call, json_with};
use crate::custody::absent;
use crate::openapi::{Doc, Parameter, Reply, listed};

pub(crate) const DOC: Doc = Doc {
    id: "run_job",
    tag: "service",
    summary: "Ask for a run of a job",
    description: "The process that leads begins it within ten seconds, or as soon as the run before has ended; `GET /v1/jobs` says \
                  how it went. Asking again before it has begun is the same run. Where no server runs jobs it waits for one. A \
                  restore is on the command line alone.",
    parameters: &[&[Parameter::path(
        "job",
        "Name of the job.",
        r#"{"type":"string","enum":["backup","prune","verify-backup","retention","verify","expiry"]}"#,
    )]],
    replies: &[Reply::shown::<JobView>(
        "202",
        "It was asked for; the job as it stands.",
    )],
    problems: &[listed(&code::UNKNOWN_JOB)],
    refusals: RunJob::REFUSALS,
    ..Doc::EMPTY
};

pub(crate) async fn handle(mut call: Call) -> Answer {
    call.query(&DOC)?;
    call.require_of_route().await?;
    let name = call.path().await?;
    let unknown = || absent(&code::UNKNOWN_JOB, "job", format_args!("job {name:?}"));
    let job = Job::parse(&name).ok_or_else(unknown)?;
    let (engine, jobs) = (&call.app.engine, &call.app.jobs);
    engine
        .submit(call.caller()?, call.origin(), RunJob { job }.into())
        .await?;
    jobs.ask(job).await?;
    let shown = Jobs::of(&jobs.states().await?).jobs;
    let shown = shown
        .into_iter()
        .find(|shown| shown.name == job)
        .ok_or_else(unknown)?;
    json_with(StatusCode::ACCEPTED, &shown)
}
