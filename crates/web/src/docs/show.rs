//! `GET /docs`

use axum::body::Body;

use crate::call::{Answer, Call, with_type};
use crate::console;
use crate::openapi::{Content, Doc, Reply};

pub(crate) const DOC: Doc = Doc {
    id: "browse",
    tag: "service",
    summary: "This document as a page",
    description: "A reference of every endpoint to read in a browser, made from `/openapi.json`. It runs no script \
                  and loads nothing from elsewhere.",
    replies: &[Reply::new(
        "200",
        "The page.",
        &[Content::new(
            "text/html; charset=utf-8",
            r#"{"type":"string"}"#,
            "",
        )],
    )],
    ..Doc::EMPTY
};

pub(crate) async fn handle(call: Call) -> Answer {
    call.query(&DOC)?;
    let mut response = with_type("text/html; charset=utf-8", Body::from(call.app.docs.clone()));
    console::keep_to(&mut response);
    Ok(response)
}
