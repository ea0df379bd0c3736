//! `GET /v1/operations/statistics`

use views::StatisticsView;

use crate::call::{Answer, Call, json};
use crate::custody::{self, NAME_LEN_MAX, TIMES, UNKNOWN_ASSET};
use crate::openapi::{Doc, Parameter, Reply};

const PARAMETERS: &[Parameter] = &[
    Parameter::query(
        "asset",
        "Only operations of this asset: code or id.",
        r#"{"type":"string","maxLength":36}"#,
    ),
    Parameter::query("by", "Counted for each day, in UTC.", r#"{"enum":["day"]}"#),
];

pub(crate) const DOC: Doc = Doc {
    id: "show_operation_statistics",
    tag: "custody",
    summary: "How many operations, and how much",
    description: "By asset, kind and status, of the operations that were made in the time, as they stand now.",
    parameters: &[PARAMETERS, TIMES],
    replies: &[Reply::shown::<StatisticsView>(
        "200",
        "The figures; what there is none of is left out.",
    )],
    problems: &[UNKNOWN_ASSET, custody::PARAMETER],
    ..Doc::EMPTY
};

pub(crate) async fn handle(call: Call) -> Answer {
    let query = call.query(&DOC)?;
    let times = custody::times(&query)?;
    let by_day = query.read("by", "day", |word| (word == "day").then_some(()))?;
    let engine = &call.app.engine;
    let asset = match query.text("asset", NAME_LEN_MAX)? {
        Some(text) => Some(engine.asset_named(&text).await?.id),
        None => None,
    };
    let found = engine.operation_figures(asset, times, by_day.is_some()).await?;
    json(&StatisticsView::of(&found))
}
