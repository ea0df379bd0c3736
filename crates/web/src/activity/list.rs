//! `GET /v1/activity`

use engine::list::Order;
use schemars::JsonSchema;
use serde::Serialize;

use crate::activity::{Activity, FILTER, filter};
use crate::audit::page;
use crate::call::{Answer, Call, json};
use crate::openapi::{Content, Doc, Reply};
use views::cursor;

pub(crate) const DOC: Doc = Doc {
    id: "list_activity",
    tag: "activity",
    summary: "What happened, newest first",
    description: "Every entry of the audit log with a sentence for people, a page at a time. `timestamp` is when it \
                  happened by the recorder's clock, or else when it was recorded; the order is that of the log.",
    parameters: &[FILTER, page::PARAMETERS],
    replies: &[Reply {
        headers: &[page::LINK_HEADER],
        ..Reply::new(
            "200",
            "A page.",
            &[Content::typed::<Body>(
                r#"{"activities":[{"id":"01970000-0000-7000-8000-000000000001","index":4711,"timestamp":"2026-11-21T08:30:00.123456Z","type":"order.update","user":"user-000042","entity":"A-1001","entity_kind":"order","description":"Changed the delivery address","outcome":"success"}],"next":null}"#,
            )],
        )
    }],
    problems: &[page::BEYOND_END],
    ..Doc::EMPTY
};

#[derive(Serialize, JsonSchema)]
struct Body<'a> {
    activities: Vec<Activity<'a>>,
    /// Cursor of the next page.
    next: Option<&'a str>,
}

pub(crate) async fn handle(call: Call) -> Answer {
    let query = call.query(&DOC)?;
    let (filter, page) = (filter(&query)?, page::read(&query, Order::Descending)?);
    let engine = &call.app.engine;
    page::within_log(engine, "cursor", page.after).await?;
    let found = engine.entries_within(&filter, page, page::BYTES_MAX).await?;
    let next = found.next.map(|index| cursor::encode(Order::Descending, index));
    let activities = found.entries.iter().map(Activity::of).collect();
    let mut response = json(&Body {
        activities,
        next: next.as_deref(),
    })?;
    page::link(&mut response, &call.parts.uri, next.as_deref());
    Ok(response)
}
