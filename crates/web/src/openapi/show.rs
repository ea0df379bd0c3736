//! `GET /openapi.json`

use axum::body::Body;

use crate::call::{Answer, Call, with_type};
use crate::openapi::{Content, Doc, Reply};

pub(crate) const DOC: Doc = Doc {
    id: "describe",
    tag: "service",
    summary: "This document",
    description: "The OpenAPI 3.1 description of every endpoint.",
    replies: &[Reply::new(
        "200",
        "The document.",
        &[Content::new("application/json", r#"{"type":"object"}"#, "")],
    )],
    ..Doc::EMPTY
};

pub(crate) async fn handle(call: Call) -> Answer {
    call.query(&DOC)?;
    Ok(with_type(
        "application/json",
        Body::from(call.app.openapi.clone()),
    ))
}
