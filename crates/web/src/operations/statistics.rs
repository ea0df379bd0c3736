//! `GET /v1/operations/statistics`

use evidence::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

use crate::call::{Answer, Call, json};
use crate::custody::{self, NAME_LEN_MAX, TIMES, UNKNOWN_ASSET, Units};
use crate::openapi::{Content, Doc, Parameter, Reply};

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
    replies: &[Reply::new(
        "200",
        "The figures; what there is none of is left out.",
        &[Content::typed::<Output>(
            r#"{"figures":[{"day":"2026-11-21","asset":"BTC","kind":"transfer","status":"completed","count":2,"amount":"0.50050000"}]}"#,
        )],
    )],
    problems: &[UNKNOWN_ASSET, custody::PARAMETER],
    ..Doc::EMPTY
};

#[derive(Serialize, JsonSchema)]
#[schemars(inline)]
struct Figure<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("format" = "date"))]
    day: Option<String>,
    asset: &'a str,
    kind: &'static str,
    status: &'static str,
    count: u64,
    amount: Units,
}

#[derive(Serialize, JsonSchema)]
struct Output<'a> {
    figures: Vec<Figure<'a>>,
}

/// The day of a time, as RFC 3339 has it.
fn day(time: Timestamp) -> String {
    time.to_string().chars().take("2026-11-21".len()).collect()
}

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
    let figures = found.iter().map(|figures| Figure {
        day: figures.day.map(day),
        asset: &figures.asset.code,
        kind: figures.kind.as_str(),
        status: figures.status.as_str(),
        count: figures.count,
        amount: Units::of(figures.amount, &figures.asset),
    });
    json(&Output {
        figures: figures.collect(),
    })
}
