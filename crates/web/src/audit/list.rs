//! `GET /v1/audit/entries`

use engine::list::Order;
use evidence::Entry;
use schemars::JsonSchema;
use serde::Serialize;

use crate::audit::{filter, page};
use crate::call::{Answer, Call, json};
use crate::openapi::{Content, Doc, Parameter, Reply};
use views::cursor;

const ORDER: &[Parameter] = &[Parameter::query(
    "order",
    "Newest first, or oldest first.",
    r#"{"enum":["desc","asc"],"default":"desc"}"#,
)];

pub(crate) const DOC: Doc = Doc {
    id: "list_entries",
    tag: "audit",
    summary: "Entries, newest first",
    description: "Entries that fulfil every condition given, a page at a time. A log only grows: going on from a \
                  cursor neither repeats nor leaves out an entry. A page of large entries ends early, with the one \
                  that reaches 8 MiB.",
    parameters: &[filter::PARAMETERS, page::PARAMETERS, ORDER],
    replies: &[Reply {
        headers: &[page::LINK_HEADER],
        ..Reply::new(
            "200",
            "A page.",
            &[Content::typed::<Body>(r#"{"entries":[],"next":null}"#)],
        )
    }],
    problems: &[page::BEYOND_END],
    ..Doc::EMPTY
};

#[derive(Serialize, JsonSchema)]
struct Body<'a> {
    entries: &'a [Entry],
    /// Cursor of the next page.
    next: Option<&'a str>,
}

pub(crate) async fn handle(call: Call) -> Answer {
    let query = call.query(&DOC)?;
    let order = query.read("order", "asc or desc", |word| match word {
        "desc" => Some(Order::Descending),
        "asc" => Some(Order::Ascending),
        _ => None,
    })?;
    let order = order.unwrap_or_default();
    let (filter, page) = (filter::read(&query)?, page::read(&query, order)?);
    let engine = &call.app.engine;
    page::within_log(engine, "cursor", page.after).await?;
    let found = engine.entries_within(&filter, page, page::BYTES_MAX).await?;
    let next = found.next.map(|index| cursor::encode(order, index));
    let mut response = json(&Body {
        entries: &found.entries,
        next: next.as_deref(),
    })?;
    page::link(&mut response, &call.parts.uri, next.as_deref());
    Ok(response)
}
