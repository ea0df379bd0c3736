//! `GET /log/checkpoint`

use http::HeaderValue;
use http::header::CACHE_CONTROL;

use crate::audit::checkpoint::REPLIES;
use crate::audit::receipt::TEXT;
use crate::call::{Answer, Call, with_type};
use crate::listed::DATABASE_UNAVAILABLE;
use crate::openapi::Doc;

pub(crate) const DOC: Doc = Doc {
    id: "show_public_checkpoint",
    tag: "log",
    summary: "The newest checkpoint, for clients of tiles",
    description: "The checkpoint of C2SP tlog-tiles: what monitors and mirrors begin with.",
    replies: REPLIES,
    problems: &[DATABASE_UNAVAILABLE],
    ..Doc::EMPTY
};

pub(crate) async fn handle(call: Call) -> Answer {
    call.query(&DOC)?;
    let mut response = with_type(TEXT, call.app.engine.checkpoint().await?);
    // A second is short enough for monitors, and lets a cache in between take a flood.
    response
        .headers_mut()
        .insert(CACHE_CONTROL, HeaderValue::from_static("public, max-age=1"));
    Ok(response)
}
