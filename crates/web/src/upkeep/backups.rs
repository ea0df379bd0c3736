//! `GET /v1/backups`

use views::Backups;

use crate::call::{Answer, Call, json};
use crate::listed::{Listed, NO_PLACE};
use crate::openapi::{Doc, Reply};
use crate::problem::Problem;

const PROBLEMS: &[Listed] = &[NO_PLACE];

pub(crate) const DOC: Doc = Doc {
    id: "list_backups",
    tag: "service",
    summary: "The backups of this log",
    description: "Those in the place of the server's settings (`backup.path`), newest first, as what lies beside each says.",
    replies: &[Reply::shown::<Backups>("200", "The backups.")],
    problems: PROBLEMS,
    ..Doc::EMPTY
};

pub(crate) async fn handle(call: Call) -> Answer {
    call.query(&DOC)?;
    let unreadable = |error: String| Problem::busy(NO_PLACE, error, 60);
    let found = call.app.jobs.backups().await.map_err(unreadable)?;
    json(&Backups::of(found.as_deref()))
}
