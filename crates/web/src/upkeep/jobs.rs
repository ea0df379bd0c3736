//! `GET /v1/jobs`

use views::Jobs;

use crate::call::{Answer, Call, json};
use crate::openapi::{Doc, Reply};

pub(crate) const DOC: Doc = Doc {
    id: "list_jobs",
    tag: "service",
    summary: "Jobs: when each is due, and how it went",
    description: "What is done again and again: backups, their removal and check, retention, verification, expiry. One process \
                  leads and runs them; the times are those of the settings of the server that answers.",
    replies: &[Reply::shown::<Jobs>("200", "Every job.")],
    ..Doc::EMPTY
};

pub(crate) async fn handle(call: Call) -> Answer {
    call.query(&DOC)?;
    json(&Jobs::of(&call.app.jobs.states().await?))
}
