//! `GET /v1/balances/{id}/statement`

use engine::list::{OperationPlace, Order};
use http::header::ACCEPT;
use http::request::Parts;
use views::{Balance, LineView, Place, StatementView};

use super::csv;
use crate::audit::page;
use crate::call::{Answer, Call, json};
use crate::custody::{self, TIMES, UNKNOWN_BALANCE};
use crate::listed::TOO_MANY_EXPORTS;
use crate::nouns;
use crate::openapi::{Content, Doc, Parameter, Reply, kept};
use crate::problem::Problem;
use crate::query::Query;

const FORMAT: Parameter = Parameter::query(
    "format",
    "`csv`: the whole statement as a table, as does `Accept: text/csv`; without `cursor` and `limit`.",
    r#"{"enum":["json","csv"],"default":"json"}"#,
);

const SAYS: Doc = Doc {
    id: "show_statement",
    tag: "custody",
    summary: "Statement of a balance",
    description: "Every movement, with what was posted after it, a page at a time, or all of it as CSV (RFC 4180) \
                  with these columns: entry, at, operation, kind, counterparty, change, posted, asset, reference; a \
                  reference that a spreadsheet would take for a formula begins with `'`. CSV is streamed; an answer \
                  that breaks off is incomplete.",
    replies: &[Reply {
        headers: &[page::LINK_HEADER],
        ..Reply::new(
            "200",
            "A page, or the file.",
            &[
                Content::shown_here::<StatementView>(),
                Content::new(
                    "text/csv; charset=utf-8",
                    r#"{"type":"string"}"#,
                    "entry,at,operation,kind,counterparty,change,posted,asset,reference\r\n4711,…\r\n",
                ),
            ],
        )
    }],
    problems: &[
        UNKNOWN_BALANCE,
        custody::PARAMETER,
        page::BEYOND_END,
        TOO_MANY_EXPORTS,
    ],
    ..Doc::EMPTY
};

pub(crate) const DOC: fn() -> Doc = || Doc {
    parameters: kept(vec![
        nouns::path::<Balance>(),
        TIMES,
        kept(vec![page::order_of(Order::Ascending), FORMAT]),
        page::PARAMETERS,
    ]),
    ..SAYS
};

/// Whether a table is asked for.
fn wants_csv(query: &Query, parts: &Parts) -> Result<bool, Problem> {
    let format = query.read("format", "json or csv", |word| match word {
        "json" => Some(false),
        "csv" => Some(true),
        _ => None,
    })?;
    let accepts = |value: &http::HeaderValue| {
        let text = value.to_str().unwrap_or_default();
        let mut ranges = text
            .split(',')
            .map(|range| range.split(';').next().unwrap_or_default());
        ranges.any(|range| range.trim().eq_ignore_ascii_case("text/csv"))
    };
    Ok(format.unwrap_or_else(|| parts.headers.get_all(ACCEPT).iter().any(accepts)))
}

pub(crate) async fn handle(mut call: Call) -> Answer {
    let query = call.documented()?;
    let order = page::order(&query, Order::Ascending)?;
    let times = custody::times(&query)?;
    let paging = page::read::<OperationPlace>(&query, order)?;
    page::within_log(&call.app.engine, "cursor", paging.after.and_then(Place::entry)).await?;
    let csv = wants_csv(&query, &call.parts)?;
    let paged = ["cursor", "limit"]
        .into_iter()
        .find(|name| query.get(name).is_some());
    if let Some(name) = paged.filter(|_| csv) {
        return Err(Problem::field(name, "a table holds the whole statement"));
    }
    let account = custody::visible_balance(&mut call).await?;
    let engine = &call.app.engine;
    let asset = engine.asset_of(account.asset).await?;
    if csv {
        return csv::answer(&call.app, account, asset, times, order).await;
    }
    let (movements, next) = views::movements(engine, account, times, paging).await?;
    let lines = movements
        .iter()
        .map(|(line, other)| LineView::of(line, *other, &asset));
    let output = StatementView {
        lines: lines.collect(),
        next: next.map(|place| place.encode(order)),
    };
    let mut response = json(&output)?;
    page::link(&mut response, &call.parts.uri, output.next.as_deref());
    Ok(response)
}
