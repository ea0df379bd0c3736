//! `GET /health/live`

use crate::call::{Answer, Call, with_type};
use crate::openapi::{Content, Doc, Reply};

pub(crate) const DOC: Doc = Doc {
    id: "live",
    tag: "service",
    summary: "Whether the process answers",
    description: "Asks nothing of the database: a process that does not answer wants a restart.",
    replies: &[Reply::new(
        "200",
        "It does.",
        &[Content::new(
            "application/json",
            r#"{"type":"object","properties":{"live":{"const":true}}}"#,
            r#"{"live":true}"#,
        )],
    )],
    ..Doc::EMPTY
};

pub(crate) async fn handle(call: Call) -> Answer {
    call.query(&DOC)?;
    Ok(with_type("application/json", r#"{"live":true}"#))
}
