//! `GET /docs/style.css`

use crate::call::{Answer, Call, with_type};
use crate::openapi::{Content, Doc, Reply};

/// Colours, letters and focus are those of the console.
const SHEETS: [&str; 2] = [console::assets::BASE, include_str!("style.css")];

pub(crate) const DOC: Doc = Doc {
    id: "show_style",
    tag: "service",
    summary: "The style sheet of the page",
    description: "What `/docs` looks like, light and dark.",
    replies: &[Reply::new(
        "200",
        "The style sheet.",
        &[Content::new(
            "text/css; charset=utf-8",
            r#"{"type":"string"}"#,
            ":root { color-scheme: light dark; }\n",
        )],
    )],
    ..Doc::EMPTY
};

pub(crate) async fn handle(call: Call) -> Answer {
    call.query(&DOC)?;
    Ok(with_type("text/css; charset=utf-8", SHEETS.concat()))
}
