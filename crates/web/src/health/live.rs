//! `GET /health/live`

use schemars::JsonSchema;
use serde::Serialize;

use crate::call::{Answer, Call, json};
use crate::openapi::{Content, Doc, Reply};

pub(crate) const DOC: Doc = Doc {
    id: "live",
    tag: "service",
    summary: "Whether the process answers",
    description: "Asks nothing of the database: a process that does not answer wants a restart.",
    replies: &[Reply::new(
        "200",
        "It does.",
        &[Content::typed::<Live>(r#"{"live":true}"#)],
    )],
    ..Doc::EMPTY
};

#[derive(Serialize, JsonSchema)]
struct Live {
    #[schemars(extend("const" = true))]
    live: bool,
}

pub(crate) async fn handle(call: Call) -> Answer {
    call.query(&DOC)?;
    json(&Live { live: true })
}
